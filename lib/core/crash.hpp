#pragma once
// The crash of a confirmed primary's postmaster: told from a shutdown, counted, and answered by a start in place as
// long as nobody has taken its place. A server that was shut down, by whomever and in whatever way, is left alone.

#include <string>

#include "core/memory.hpp"
#include "core/policy.hpp"
#include "core/signals.hpp"

namespace picket {

/// So many crashes within the window are a loop: it is not started in place any more.
constexpr size_t crash_limit = 3;
constexpr Millis crash_window{60'000};

/// Follows the end of the postmaster in `memory`; to be asked in each round, before the table. True from the crash
/// until the server is confirmed again or is a standby, as long as it is to be started, or let come back, where it was:
/// it crashed as the confirmed primary not longer ago than Policy::restart_within, it is not in a loop, a majority
/// answers and none of it is, or may be following, another primary.
bool see_crash(Memory& memory, const Board& board, Postmaster postmaster, const ClusterView& view, MarkerState marker,
               Instant now, const Policy& policy);

/// What a human should know of a crash loop; empty when there is none, or when the server is back.
std::string crash_alarm(const Memory& memory);

}  // namespace picket
