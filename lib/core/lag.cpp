#include "core/lag.hpp"

#include <algorithm>
#include <utility>

#include "core/following.hpp"

namespace picket {
namespace {

bool answered_lately(const ServerView& server, Instant now, Millis fresh) {
  return server.facts && server.session.answer == Answer::ok && now - server.facts_asked <= fresh;
}

Lsn behind(Lsn primary, Lsn own) { return primary > own ? primary - own : 0; }

Lag unknown(std::string_view why) { return {.bytes = {}, .unwritten = {}, .time = {}, .why = why}; }

/// Whether the lag is within the policy's bounds; nothing where that cannot be told and is not ours to judge.
std::optional<bool> within(const Board& board, Instant now, const Policy& policy) {
  const ServerFacts& own = *board.server.facts;
  const Lag lag = lag_of(board.server, board, now, policy.fresh);
  if (!lag.bytes) {
    // Nobody to be behind of: whether such a standby still answers reads is for stale_reads to say.
    if (!primary_in_sight(board, own.system_identifier, now, policy.fresh)) return std::nullopt;
    return false;
  }
  if (policy.replica_max_lag && *lag.bytes > *policy.replica_max_lag) return false;
  return !policy.replica_max_lag_time || (lag.time && *lag.time <= *policy.replica_max_lag_time);
}

/// A primary that others follow comes before one that was promoted beside it and is alone.
using Rank = std::pair<long, uint32_t>;

long followers(const Board& board, const Node& node, Instant now, Millis fresh) {
  const auto follows = [&](const ServerView& server) {
    return answered_lately(server, now, fresh) && server.facts->role == Role::standby &&
           says_it_follows(*server.facts, node.host, node.port);
  };
  return std::ranges::count_if(board.peers, [&](const Peer& peer) { return follows(peer.server); }) +
         (follows(board.server) ? 1 : 0);
}

}  // namespace

const Peer* primary_in_sight(const Board& board, uint64_t system_identifier, Instant now, Millis fresh) {
  const Peer* found = nullptr;
  Rank best;
  for (const Peer& peer : board.peers) {
    if (is_witness(peer, system_identifier) || !answered_lately(peer.server, now, fresh)) continue;
    const ServerFacts& facts = *peer.server.facts;
    if (facts.role != Role::primary) continue;
    if (system_identifier != 0 && facts.system_identifier != 0 && facts.system_identifier != system_identifier)
      continue;
    const Rank rank{followers(board, peer.node, now, fresh), facts.timeline};
    if (rank > best) found = &peer;
    if (rank == best) found = nullptr;  // two of one kind: nobody can say
    best = std::max(best, rank);
  }
  return found;
}

Lag lag_of(const ServerView& server, const Board& board, Instant now, Millis fresh) {
  if (!answered_lately(server, now, fresh)) return unknown("the server has not answered lately");
  const ServerFacts& own = *server.facts;
  if (own.role != Role::standby) return unknown("no standby");
  if (!own.receiver) return unknown("no WAL receiver runs");
  const Receiver& receiver = *own.receiver;
  // Without pg_monitor the state of the receiver is hidden, and so is what it hears.
  if (!receiver.status.empty() && receiver.status != "streaming") return unknown("the WAL receiver does not stream");
  Lsn written = 0;
  if (&server != &board.server && board.server.facts && board.server.facts->role == Role::primary &&
      answered_lately(board.server, now, fresh))
    written = board.server.facts->lsn;
  else if (const Peer* primary = primary_in_sight(board, own.system_identifier, now, fresh))
    written = primary->server.facts->lsn;
  // Several steps down a chain the sender is itself a standby: then this is the least that can be said.
  if (receiver.message_age <= fresh) written = std::max(written, receiver.latest_end_lsn);
  if (written == 0) return unknown("the primary's position is not known");
  Lag lag{.bytes = behind(written, own.replay_lsn), .unwritten = behind(written, own.lsn), .time = {}, .why = {}};
  // An idle primary commits nothing: the last commit gets older, and nothing is missing.
  lag.time = *lag.bytes == 0 ? Millis{0} : own.replay_delay;
  return lag;
}

LagHold after_look(const LagHold& hold, const Board& board, Instant now, const Policy& policy) {
  const bool bounded = policy.replica_max_lag || policy.replica_max_lag_time;
  const bool standby = board.server.facts && board.server.facts->role == Role::standby;
  if (!bounded || !standby) return {};
  const std::optional<bool> good = within(board, now, policy);
  if (!good || *good != hold.withheld) return {.withheld = hold.withheld, .since = {}};
  const Instant since = hold.since.value_or(now);
  const Millis bound = hold.withheld ? policy.replica_lag_rejoin : policy.replica_lag_for;
  if (now - since < bound) return {.withheld = hold.withheld, .since = since};
  return {.withheld = !hold.withheld, .since = {}};
}

}  // namespace picket
