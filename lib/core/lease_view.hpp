#pragma once
// What the lease means to the decision: how sure this node may be of itself, who has replaced it, and what is wanted of
// the lease next. Pure; used at level lease only.

#include <string>
#include <vector>

#include "core/memory.hpp"
#include "core/signals.hpp"
#include "core/verdict.hpp"

namespace picket {

bool lease_is_valid(const Board& board, Instant now);

/// The agent has started or woken, or somebody has started the server, so lately that the voters may not have answered
/// yet.
bool lease_is_settling(const Board& board, const Horizon& horizon, const Policy& policy);

/// The words of just now of the other voters, on the board.
std::vector<const VoterWord*> words_heard(const Board& board, const Horizon& horizon);

/// Whether this node could be given the lease: it hears a majority of the voters, and has not bound itself to another,
/// who may be promoted in this moment. Always so without a lease.
bool could_have_lease(const Board& board, const Horizon& horizon);

/// Puts the lease in the place of what the nodes' answers say: the majority is that of the voters. With a valid lease
/// nobody else is more than a claimant, whoever follows him; without one, the holder of a newer lease is a rival, and a
/// proven one as soon as it is seen to be a primary.
void judge_by_lease(ClusterView& view, const LeaseFacts& lease, const Board& board, const Horizon& horizon,
                    const Policy& policy);

/// What is wanted of the lease after this row; always `idle` without one.
Wish lease_wish(const Ruling& row, const Signals& signals, const Memory& memory, const Board& board);

/// What a human must know of a holder that may not serve, and keeps others from it; "" if there is nothing.
std::string lease_alarm(const Ruling& row, const State& state, const Board& board, Instant now);

/// Why a server that could be started again is not, when too few voters are heard; "" if enough are.
std::string unheard_alarm(const Board& board, const Horizon& horizon);

/// What becomes of the client gate after this row: it follows what is advertised, but that a server which somebody
/// shuts down tells its clients so itself, and that whoever only looks around (`vrrp`, as Keepalived is told) lets it
/// run out.
ClientGate client_gate(const Ruling& row, Vrrp vrrp, Wish wish, const Signals& signals, const State& state);

}  // namespace picket
