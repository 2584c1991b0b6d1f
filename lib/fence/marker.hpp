#pragma once
// The durable fence marker: why this node must not be a primary, kept over restarts of the agent and of the machine.
// Pure text <-> value, and the two reads and writes for programs without a loop; the daemon uses MarkerStore
// (marker_store.hpp).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/facts.hpp"

namespace picket {

/// One reason to be fenced. Reasons are a set by `reason`.
struct MarkerReason {
  std::string reason;    ///< word(FenceReason): "stale", "isolated", "hung", "unreachable", "operator"
  std::string sentence;  ///< for a human
  std::string at;        ///< RFC 3339, wall clock: for humans only, nothing decides by it
  uint32_t timeline = 0;
  bool operator==(const MarkerReason&) const = default;
};

struct Marker {
  std::vector<MarkerReason> reasons;
  std::string boot_id;  ///< of the boot in which it was last written; for humans
  bool operator==(const Marker&) const = default;

  /// Adds a reason; one that is there already stays as it is. Returns whether anything changed.
  bool add(MarkerReason reason);
  /// Returns whether it was there.
  bool remove(std::string_view reason);
};

/// {"schema":1,"boot_id":...,"reasons":[...]}, indented, ends with a newline.
std::string encode(const Marker& marker);

/// Throws std::runtime_error with a sentence about what is wrong: no JSON, another schema, no reasons, wrong types.
Marker decode(std::string_view text);

/// What one path holds.
struct MarkerFile {
  enum class State : uint8_t { absent, present, malformed, unreadable };
  State state = State::absent;
  std::string why;  ///< malformed or unreadable: "PATH: reason"
  Marker marker;
};

/// Reads and decodes a file of at most 64 KiB. Never throws. Blocks as the disk does: not for the loop.
MarkerFile read_marker(const std::string& path);

/// The facts that the two places together give: the union of the reasons; malformed when one of them is; unknown when
/// one of them cannot be read and none of them fences.
MarkerFacts marker_facts(const MarkerFile& durable, const MarkerFile& fallback);

/// Writes atomically: a temporary file beside it, fsync, rename, fsync of the folder (rename(2), fsync(2)). No reasons
/// = the file is removed. Returns an empty text or "PATH: what failed: why". Blocks as the disk does: not for the loop.
std::string write_marker(const std::string& path, const Marker& marker);

/// The wall clock as RFC 3339 in UTC with seconds, for `at`.
std::string wall_clock_now();

}  // namespace picket
