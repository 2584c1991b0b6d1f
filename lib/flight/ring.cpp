#include "flight/ring.hpp"

#include <algorithm>

#include "postgres/pg_control.hpp"

namespace picket {
namespace {

constexpr std::string_view magic = "picket flight 1\n";
constexpr size_t frame_head = 24;  // id, number, length, checksum
constexpr size_t align = 8;

template <class T>
void put(std::string& bytes, T value) {
  for (size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> (8 * i));
}

template <class T>
T get(std::string_view bytes, size_t at) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; ++i)
    value |= static_cast<T>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

uint32_t checksum(std::string_view bytes) {
  return crc32c({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

uint64_t padded(uint64_t length) { return (length + align - 1) / align * align; }

// The checksum covers the head too: a frame that was cut off and continued by an older one must not pass.
std::string frame(uint64_t id, uint64_t sequence, std::string_view payload) {
  std::string head, checked;
  put(head, id);
  put(checked, sequence);
  put(checked, static_cast<uint32_t>(payload.size()));
  put(head, sequence);
  put(head, static_cast<uint32_t>(payload.size()));
  checked += payload;
  put(head, checksum(checked));
  head += payload;
  head.resize(padded(head.size()));
  return head;
}

/// `work` is what may still be spent on checksums: frames that overlap, made by somebody who knows the id, must not
/// keep a reader for hours.
std::optional<RingEntry> entry_at(std::string_view file, uint64_t id, uint64_t offset, uint64_t& work) {
  if (get<uint64_t>(file, offset) != id) return {};
  const uint64_t length = get<uint32_t>(file, offset + 16);
  if (length > file.size() - offset - frame_head || length > longest_payload(file.size()) || length > work) return {};
  work -= length;
  const std::string_view payload = file.substr(offset + frame_head, length);
  std::string checked(file.substr(offset + 8, 12));
  checked += payload;
  if (checksum(checked) != get<uint32_t>(file, offset + 20)) return {};
  return RingEntry{get<uint64_t>(file, offset + 8), offset, std::string(payload)};
}

}  // namespace

std::string RingHeader::encode() const {
  std::string bytes(magic);
  put(bytes, size);
  put(bytes, id);
  put(bytes, checksum(bytes));
  bytes.resize(region);
  return bytes;
}

RingImage read_ring(std::string_view file) {
  RingImage image;
  const size_t checked = magic.size() + 16;
  if (file.size() < RingHeader::region || !file.starts_with(magic.substr(0, 14))) {
    image.error = "is no flight recording";
  } else if (!file.starts_with(magic)) {
    image.error = "is a flight recording of another version of picket";
  } else if (get<uint32_t>(file, checked) != checksum(file.substr(0, checked))) {
    image.error = "its header is damaged";
  } else {
    image.header = {get<uint64_t>(file, magic.size()), get<uint64_t>(file, magic.size() + 8)};
    if (image.header.size != file.size())
      image.error =
          "has " + std::to_string(file.size()) + " bytes where its header says " + std::to_string(image.header.size);
  }
  if (!image.error.empty()) return image;
  uint64_t work = 4 * file.size();
  for (uint64_t offset = RingHeader::region; offset + frame_head <= file.size();) {
    auto entry = entry_at(file, image.header.id, offset, work);
    offset += entry ? padded(frame_head + entry->payload.size()) : align;
    if (entry) image.entries.push_back(std::move(*entry));
  }
  std::ranges::sort(image.entries, {}, &RingEntry::sequence);
  for (size_t i = 1; i < image.entries.size(); ++i)
    if (const uint64_t step = image.entries[i].sequence - image.entries[i - 1].sequence; step > 1)
      image.damaged += step - 1;
  return image;
}

RingCursor::RingCursor(const RingImage& image) : RingCursor(image.header, 1) {
  if (image.entries.empty()) return;
  const RingEntry& newest = image.entries.back();
  sequence_ = newest.sequence + 1;
  offset_ = newest.offset + padded(frame_head + newest.payload.size());
}

std::vector<RingCursor::Write> RingCursor::add(std::string_view payload) {
  if (payload.size() > longest()) return {};
  std::vector<Write> writes;
  std::string bytes = frame(header_.id, sequence_, payload);
  if (offset_ + bytes.size() > header_.size) {
    // Nothing of the round before may stay behind the newest entry of this one.
    if (offset_ < header_.size) writes.push_back({offset_, std::string(header_.size - offset_, '\0')});
    offset_ = RingHeader::region;
  }
  const uint64_t at = offset_;
  offset_ += bytes.size();
  ++sequence_;
  writes.push_back({at, std::move(bytes)});
  return writes;
}

}  // namespace picket
