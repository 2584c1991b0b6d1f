#pragma once
// The flight recorder's file as bytes: a ring of entries in a file of fixed size. Each entry is framed with its number,
// its length and a checksum, so that a write that a crash tore apart costs that entry (and the oldest, which it was
// overwriting) and no other. Pure: ring_file.hpp puts it on a disk.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace picket {

/// What stands at the beginning of the file.
struct RingHeader {
  static constexpr uint64_t region = 4096;  ///< where the entries begin
  uint64_t size = 0;                        ///< of the whole file
  uint64_t id = 0;  ///< drawn anew for each file: marks its frames, so that no text in an entry can look like one

  std::string encode() const;  ///< `region` bytes
};

struct RingEntry {
  uint64_t sequence = 0;  ///< counts from 1, and goes on over restarts
  uint64_t offset = 0;    ///< of its frame, from the beginning of the file
  std::string payload;
};

struct RingImage {
  std::string error;  ///< not empty: this is no ring, or none of this version, and why
  RingHeader header;
  std::vector<RingEntry> entries;  ///< oldest first
  uint64_t damaged = 0;            ///< numbers missing between the first and the last
};

/// Reads a whole file. Never trusts it.
RingImage read_ring(std::string_view file);

/// An eighth of a ring of that size, so that a few entries at least are always there.
constexpr size_t longest_payload(uint64_t size) { return (size - RingHeader::region) / 8; }

/// Where the next entry goes.
class RingCursor {
 public:
  /// At the beginning of an empty ring; its first entry gets the number `sequence`.
  RingCursor(const RingHeader& header, uint64_t sequence) : header_(header), sequence_(sequence) {}
  /// Behind the newest entry of `image`.
  explicit RingCursor(const RingImage& image);

  struct Write {
    uint64_t offset;
    std::string bytes;
  };
  /// The longest payload that is taken.
  size_t longest() const { return longest_payload(header_.size); }
  /// The writes that add an entry, in order, and moves on. Nothing when the payload is too long.
  std::vector<Write> add(std::string_view payload);

 private:
  RingHeader header_;
  uint64_t sequence_;
  uint64_t offset_ = RingHeader::region;
};

}  // namespace picket
