#pragma once
// Why a datagram was not acted on, and how often: plain values for the status and the metrics.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace picket {

/// In the order in which a datagram is looked at.
enum class Drop : uint8_t {
  none,
  oversized,          ///< longer than any datagram of picket
  truncated,          ///< shorter than any
  malformed,          ///< not one of picket's; or, with the right key, a payload that makes no sense
  unknown_version,    ///< another version of the protocol
  not_for_us,         ///< for another node
  unknown_sender,     ///< from a node that is none of the peers
  wrong_key,          ///< sealed with another key, or altered
  replayed,           ///< of this run of the sender, and not newer than the newest: repeated, or overtaken on the way
  unproven,           ///< of a run of which it is not known yet that it is now: greeted, and believed from then on
  wrong_fingerprint,  ///< from a node that is configured otherwise
};
constexpr size_t drop_kinds = static_cast<size_t>(Drop::wrong_fingerprint) + 1;
/// "none", "oversized", ...: for metrics and JSON.
std::string_view word(Drop drop);

/// What was dropped for one reason.
struct Dropped {
  uint64_t count = 0;
  std::optional<Instant> last;  ///< when it happened last
  std::string words;            ///< what was wrong with that one, and where it came from
};

/// By reason; the entry for `none` stays empty.
struct Drops {
  std::array<Dropped, drop_kinds> by_reason{};
  void count(Drop why, Instant now, const std::string& words);
  const Dropped& of(Drop why) const { return by_reason[static_cast<size_t>(why)]; }
  uint64_t total() const;
};

}  // namespace picket
