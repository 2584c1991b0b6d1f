#pragma once
// What one agent says to another, as bytes and back (docs/protocol.md, "The payload"). Pure and total: any bytes give a
// valid value or words that say what is wrong with them. Who said it is not asked here (seal.hpp).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/peer_message.hpp"

namespace picket {

/// One datagram's content. Both parts may be missing: an empty one only shows that its sender is there.
struct PeerDatagram {
  std::optional<PeerReport> report;
  std::vector<LeaseMessage> lease;  ///< at most `most_lease_messages`
  bool operator==(const PeerDatagram&) const = default;
};

constexpr size_t most_lease_messages = 16;
constexpr size_t most_unreachable = 32;
/// No node has given away so many terms, and there is room above for every "one more than the highest".
constexpr Term highest_term = Term{1} << 48;
/// 270,000 years since boot: no sum of such an instant and a duration overflows.
constexpr Instant latest_instant{Millis{int64_t{1} << 53}};
constexpr Millis longest_wait = std::chrono::hours(24);

/// What keeps `datagram` from being valid: a count, an enum, an id, a term, an instant or a duration out of range.
/// Empty if it is valid.
std::string wrong_with(const PeerDatagram& datagram);

/// At most `largest_payload` bytes. Throws std::invalid_argument with the words of wrong_with().
std::string encode(const PeerDatagram& datagram);
constexpr size_t largest_payload = 1100;

/// Nothing, with the reason in `error`, for bytes that are no whole valid payload: cut off, with a rest, or with a
/// value that wrong_with() objects to. A rule that this version does not know is read as R16, "anything else", so that
/// nodes of two versions understand each other.
std::optional<PeerDatagram> decode(std::string_view payload, std::string& error);

}  // namespace picket
