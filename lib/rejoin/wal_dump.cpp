#include "rejoin/wal_dump.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace picket {
namespace {

// The text between `label` and the next comma, without the blanks around it.
std::string_view field(std::string_view line, std::string_view label) {
  const size_t at = line.find(label);
  if (at == line.npos) return {};
  std::string_view rest = line.substr(at + label.size());
  rest = rest.substr(0, rest.find(','));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  while (rest.ends_with(' ')) rest.remove_suffix(1);
  return rest;
}

template <class Number>
bool read(std::string_view text, Number& into, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, base);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

bool read_lsn(std::string_view text, Lsn& into) {
  const size_t slash = text.find('/');
  uint32_t high = 0, low = 0;
  if (slash == text.npos || !read(text.substr(0, slash), high, 16) || !read(text.substr(slash + 1), low, 16))
    return false;
  into = Lsn{high} << 32 | low;
  return true;
}

constexpr std::string_view commit_words[] = {"COMMIT ", "COMMIT_PREPARED "};

// PostgreSQL places each record on a multiple of eight (MAXALIGN).
constexpr Lsn aligned(Lsn lsn) { return (lsn + 7) & ~Lsn{7}; }

}  // namespace

std::optional<WalRecord> parse_wal_line(std::string_view line) {
  if (!line.starts_with("rmgr: ")) return {};
  WalRecord record;
  const std::string_view lengths = field(line, "len (rec/tot):");
  const size_t slash = lengths.find('/');
  if (slash == lengths.npos) return {};
  std::string_view total = lengths.substr(slash + 1);
  while (total.starts_with(' ')) total.remove_prefix(1);
  if (!read(total, record.length) || !read(field(line, "tx:"), record.transaction)) return {};
  if (!read_lsn(field(line, "lsn:"), record.lsn)) return {};
  const size_t desc = line.find(", desc: ");
  if (desc == line.npos) return record;
  std::string_view text = line.substr(desc + 8);
  if (!line.starts_with("rmgr: Transaction ")) return record;
  for (const std::string_view word : commit_words) {
    if (!text.starts_with(word)) continue;
    record.commit = true;
    if (const size_t time = text.find("20"); time != text.npos)
      record.committed_at = text.substr(time, text.find(';', time) - time);
  }
  return record;
}

void WalTail::add(const WalRecord& record) {
  ++records;
  end = std::max(end, aligned(record.lsn + record.length));
  if (!record.commit) return;
  ++commits;
  if (first_commit.empty()) first_commit = record.committed_at;
  last_commit = record.committed_at;
}

Lsn end_of(const WalRecord& record, uint32_t segment_size) {
  Lsn at = record.lsn;
  for (uint64_t left = record.length;;) {
    const uint64_t room = wal_page - at % wal_page;
    if (left < room) return at + left;
    left -= room;
    at += room;
    if (left == 0) return at;
    at += at % segment_size == 0 ? 40 : 24;
  }
}

uint64_t segment_of(Lsn lsn, uint32_t segment_size) { return lsn / segment_size; }

// XLogFileName(): timeline, then the number split at each 4 GB, eight hexadecimal digits each.
std::string segment_name(uint32_t timeline, uint64_t number, uint32_t segment_size) {
  const uint64_t per_id = (uint64_t{1} << 32) / segment_size;
  char name[32];
  std::snprintf(name, sizeof name, "%08X%08X%08X", timeline, static_cast<uint32_t>(number / per_id),
                static_cast<uint32_t>(number % per_id));
  return name;
}

uint64_t segment_number(std::string_view name, uint32_t segment_size) {
  const uint64_t per_id = (uint64_t{1} << 32) / segment_size;
  uint32_t high = 0, low = 0;
  if (name.size() < 24 || !read(name.substr(8, 8), high, 16) || !read(name.substr(16, 8), low, 16)) return 0;
  return high * per_id + low;
}

std::vector<std::string> segments_between(const std::vector<std::string>& names, uint32_t timeline, uint64_t first,
                                          uint64_t last, uint32_t segment_size) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    const std::string_view digits = std::string_view(name).substr(0, 24);
    uint32_t of = 0, high = 0, low = 0;
    if (digits.size() < 24 || (name.size() > 24 && name.substr(24) != ".partial")) continue;
    if (!read(digits.substr(0, 8), of, 16) || !read(digits.substr(8, 8), high, 16) || !read(digits.substr(16), low, 16))
      continue;
    const uint64_t number = segment_number(name, segment_size);
    if (of == timeline && number >= first && number <= last) found.push_back(name);
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace picket
