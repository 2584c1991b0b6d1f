#include "core/unreached.hpp"

#include <algorithm>

#include "core/lease_view.hpp"

namespace picket {
namespace {

// What was on its way when the port was closed. Where more is committed clients are served: those are not thrown out
// for the others' sake.
constexpr Lsn caught_up_within = 16 * 1024;

// A log that still grows may be a transaction's that has not ended.
constexpr Millis stands_still{2000};

bool network_failed(const Attempts& attempts) {
  return attempts.answer == Answer::refused || attempts.answer == Answer::unreachable ||
         attempts.answer == Answer::timed_out || attempts.answer == Answer::closed;
}

bool names(const VoterWord& word, int node) {
  return std::ranges::find(word.unreachable, node) != word.unreachable.end();
}

const Peer* peer_of(const Board& board, int id) {
  const auto found = std::ranges::find_if(board.peers, [&](const Peer& p) { return p.node.id == id; });
  return found == board.peers.end() ? nullptr : &*found;
}

/// A standby of ours with every commit that may become the primary: repmgr promotes none whose row says witness.
bool could_take_over(const VoterWord& word, const Board& board, Lsn needed) {
  const ServerFacts& own = *board.server.facts;
  const Peer* peer = peer_of(board, word.voter);
  return peer && peer->node.type != Node::Type::witness && peer->node.priority > 0 && word.role == Role::standby &&
         !word.fenced && !word.maintenance && word.timeline == own.timeline &&
         word.system_identifier == own.system_identifier && word.lsn + caught_up_within >= needed;
}

}  // namespace

std::vector<int> unreachable_nodes(const Board& board, Instant now, Millis fresh) {
  std::vector<int> list;
  for (const Peer& peer : board.peers) {
    const auto answered = [&](const Attempts& a) { return a.answered_asked && now - *a.answered_asked <= fresh; };
    const ServerView& server = peer.server;
    // The session is asked all the time; a fresh connection may have been tried a minute ago.
    if (network_failed(server.session) && !answered(server.session) && !answered(server.fresh))
      list.push_back(peer.node.id);
  }
  return list;
}

OwnLog after_look(const OwnLog& log, const ServerView& server) {
  const ServerFacts& own = *server.facts;
  OwnLog next = log;
  next.asked = server.facts_asked;
  next.end = std::max(own.lsn, own.insert_lsn);
  if (next.end != log.end) next.grew = next.asked;
  if (log.end == 0 || own.transactions == 0 || own.transactions != log.transactions) next.commit = next.end;
  next.transactions = own.transactions;
  return next;
}

Lsn needed_of(const OwnLog& log) { return log.asked - log.grew >= stands_still ? log.commit : log.end; }

Unreached unreached(const Board& board, const Horizon& h, const Policy& policy, const OwnLog& log) {
  Unreached seen;
  if (!board.lease || !is_fresh(board.server, h, policy)) return seen;
  const std::vector<const VoterWord*> words = words_heard(board, h);
  std::vector<const VoterWord*> complaints;
  std::ranges::copy_if(words, std::back_inserter(complaints), [&](const auto* w) { return names(*w, board.self_id); });
  for (const VoterWord* word : complaints) {
    const Peer* peer = peer_of(board, word->voter);
    seen.by.push_back(peer ? peer->node.name : "node " + std::to_string(word->voter));
  }
  const auto majority = static_cast<size_t>(board.lease->majority);
  seen.by_majority = majority > 0 && complaints.size() >= majority;
  seen.reached = !seen.by_majority && words.size() >= majority;
  for (const VoterWord* word : words) {
    const bool reached = std::ranges::none_of(complaints, [&](const auto* c) { return names(*c, word->voter); });
    if (seen.heir.empty() && reached && could_take_over(*word, board, needed_of(log)))
      seen.heir = peer_of(board, word->voter)->node.name;
  }
  return seen;
}

UnreachedHold after_look(const UnreachedHold& hold, const Unreached& seen, bool serves, Instant now) {
  if (hold.stopping) return hold;
  UnreachedHold next = hold;
  next.seen = seen;
  next.was_reached = hold.was_reached || (serves && seen.reached);
  if (!serves || !seen.by_majority)
    next.since.reset();
  else if (!next.since && next.was_reached)
    next.since = now;
  return next;
}

bool is_due(const UnreachedHold& hold, Instant now, const Policy& policy) {
  if (hold.stopping) return true;
  const bool long_enough = hold.since && now - *hold.since >= policy.unreachable_stop;
  return policy.unreachable_stop > Millis{0} && long_enough && !hold.seen.heir.empty();
}

}  // namespace picket
