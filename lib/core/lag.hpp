#pragma once
// How far this standby is behind, and whether that keeps it from being offered for reads. A lag that cannot be known is
// unknown, never nought: without a receiver a standby that has replayed all it has would otherwise look like the best
// one of all (repmgr issue 519).

#include <optional>
#include <string_view>

#include "core/facts.hpp"
#include "core/policy.hpp"

namespace picket {

/// Of one standby; without `bytes` nothing is known, and `why` says why.
struct Lag {
  std::optional<Lsn> bytes;      ///< of WAL that the primary has written and this server has not replayed
  std::optional<Lsn> unwritten;  ///< of WAL that the primary has written and this server has not received
  std::optional<Millis> time;  ///< age of the last replayed commit, 0 when nothing is missing; unknown before the first
  std::string_view why;        ///< static text; empty when known
};

/// The lag of `server` by the facts on the board. The primary's position is its own word where it was asked within
/// `fresh`, else what the receiver heard from its sender within `fresh`. Known only while a receiver streams.
Lag lag_of(const ServerView& server, const Board& board, Instant now, Millis fresh);

/// A primary of the same cluster that answered within `fresh`; null when none is seen, or more than one.
const Peer* primary_in_sight(const Board& board, uint64_t system_identifier, Instant now, Millis fresh);

/// Whether lag keeps a standby from being offered: it has to be too great for `replica_lag_for` before it is
/// withdrawn, and small enough for `replica_lag_rejoin` before it is offered again, so that it does not flap.
struct LagHold {
  bool withheld = false;
  std::optional<Instant> since;  ///< the lag has been on the other side of the bounds since

  bool operator==(const LagHold&) const = default;
};

/// One look. An unknown lag counts as too great while a primary is in sight; without one it is stale_reads' matter.
LagHold after_look(const LagHold& hold, const Board& board, Instant now, const Policy& policy);

}  // namespace picket
