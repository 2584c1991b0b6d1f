#include "core/signals.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace picket {
namespace {

using Names = std::vector<std::string>;

bool streams(const Follower& follower) { return follower.state == "streaming"; }

// Does `server`, a standby, say that it streams from `node`? repmgr clones with the upstream's own conninfo, so the
// texts agree.
bool says_it_follows(const ServerFacts& server, const std::string& host, int port) {
  return server.receiver && server.receiver->status == "streaming" && server.receiver->sender_host == host &&
         server.receiver->sender_port == port;
}

/// True when `leader` says that the node of that name streams from it.
bool lists(const ServerView& leader, const std::string& name) {
  return leader.facts && std::ranges::any_of(leader.facts->followers, [&](const Follower& f) {
           return f.application_name == name && streams(f);
         });
}

// A standby that was cloned under another name of its upstream (an alias, the address in place of the name) tells us a
// name that we do not know; then its word says nothing, and the leader's list must do.
bool names_a_node(const Receiver& receiver, const Board& board) {
  const auto is = [&](const std::string& host, int port) {
    return receiver.sender_host == host && receiver.sender_port == port;
  };
  return is(board.self_host, board.self_port) ||
         std::ranges::any_of(board.peers, [&](const Peer& p) { return is(p.node.host, p.node.port); });
}

bool receiver_is_live(const ServerView& server, const Horizon& h, const Policy& policy) {
  const auto& receiver = server.facts->receiver;
  return receiver && receiver->status == "streaming" &&
         receiver->message_age + (h.now - server.facts_asked) <= policy.upstream_silence;
}

/// Whoever streams from the server at host:port: by the standby's own word, or, where that standby cannot be asked, by
/// the list of `leader`, if one is given.
Names followers_of(const ServerView* leader, const std::string& host, int port, const Board& board, const Horizon& h,
                   const Policy& policy) {
  Names names;
  for (const Peer& peer : board.peers) {
    const bool asked = is_fresh(peer.server, h, policy);
    if (asked && peer.server.facts->role != Role::standby) continue;
    const bool tells = asked && peer.server.facts->receiver && !peer.server.facts->receiver->status.empty() &&
                       names_a_node(*peer.server.facts->receiver, board);
    bool follows = false;
    if (tells) {
      follows = says_it_follows(*peer.server.facts, host, port) && receiver_is_live(peer.server, h, policy);
    } else if (leader) {
      follows = lists(*leader, peer.node.name);
    }
    if (follows) names.push_back(peer.node.name);
  }
  return names;
}

// Two nodes can never make a majority when one is down. Its host's refusal says at least that no server runs there.
bool refusal_counts(const Attempts& attempts, const Board& board) {
  return board.peers.size() == 1 && attempts.answer == Answer::refused;
}

/// Time since the (majority-1)-th newest answer of a peer; what happened before the horizon does not age.
Majority reach_of(const Board& board, int majority, const Horizon& h, const Policy& policy) {
  const Instant base = std::max(board.started, h.valid_from);
  std::vector<Millis> silence;
  std::vector<bool> answered;
  for (const Peer& peer : board.peers) {
    Instant last = base;
    bool real = false;
    auto take = [&](std::optional<Instant> asked) {
      if (!asked || *asked < base) return;
      last = std::max(last, *asked);
      real = true;
    };
    take(peer.server.session.answered_asked);
    take(peer.server.fresh.answered_asked);
    for (const Attempts* a : {&peer.server.session, &peer.server.fresh})
      if (refusal_counts(*a, board)) take(a->asked);
    // Never heard from: cannot count as an answer, only as a silence that began at the horizon.
    const Millis quiet = h.now - last;
    silence.push_back(real ? quiet : std::max(quiet, policy.suspect_after + Millis{1}));
  }
  std::ranges::sort(silence);
  const auto needed = static_cast<size_t>(majority - 1);
  if (needed == 0) return Majority::fresh;
  if (silence.size() < needed) return Majority::lost;
  const Millis quiet = silence[needed - 1];
  if (quiet <= policy.suspect_after) return Majority::fresh;
  return quiet <= policy.isolation_timeout ? Majority::suspect : Majority::lost;
}

/// Foreign: a majority of the registered nodes shares one system identifier, and it is not ours.
bool is_foreign(const Board& board, uint64_t own, int majority, const Horizon& h, const Policy& policy) {
  if (own == 0) return false;
  std::map<uint64_t, int> count;
  for (const Peer& peer : board.peers)
    if (is_fresh(peer.server, h, policy) && peer.server.facts->system_identifier != 0 &&
        peer.node.type != Node::Type::witness)
      ++count[peer.server.facts->system_identifier];
  return std::ranges::any_of(count, [&](const auto& c) { return c.first != own && c.second >= majority; });
}

bool same_system(const ServerFacts& facts, uint64_t own) {
  return own == 0 || facts.system_identifier == 0 || facts.system_identifier == own;
}

/// The best supported of those who can be asked and say that they are the primary.
RivalView find_claimant(const Board& board, uint64_t own_system, int majority, const Horizon& h, const Policy& policy) {
  RivalView best;
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy) || peer.node.type == Node::Type::witness) continue;
    const ServerFacts& facts = *peer.server.facts;
    if (facts.role != Role::primary) continue;
    RivalView found;
    found.peer = &peer;
    found.timeline = facts.timeline;
    found.look = peer.server.facts_asked;
    found.other_data = !same_system(facts, own_system);
    if (!found.other_data)
      found.followers = followers_of(&peer.server, peer.node.host, peer.node.port, board, h, policy);
    const bool proven = 1 + static_cast<int>(found.followers.size()) >= majority;
    found.rival = found.other_data ? Rival::possible : proven ? Rival::proven : Rival::claimed;
    if (found.rival > best.rival) best = std::move(found);
  }
  return best;
}

/// Nobody shows itself, yet standbys hear from someone whom we cannot see, on a timeline that is not ours. On a newer
/// one there was a promotion, and if a majority is its primary or streams from it, then that is proof without seeing
/// it.
RivalView find_unseen(const Board& board, uint64_t own_system, uint32_t own_timeline, int majority, const Horizon& h,
                      const Policy& policy) {
  std::map<std::tuple<std::string, int, uint32_t>, RivalView> by_sender;
  std::map<const RivalView*, int> supporters;
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy) || peer.server.facts->role != Role::standby) continue;
    if (!same_system(*peer.server.facts, own_system) || !receiver_is_live(peer.server, h, policy)) continue;
    const Receiver& receiver = *peer.server.facts->receiver;
    if (says_it_follows(*peer.server.facts, board.self_host, board.self_port)) continue;
    auto upstream = std::ranges::find_if(board.peers, [&](const Peer& p) {
      return p.node.host == receiver.sender_host && p.node.port == receiver.sender_port;
    });
    const bool registered = upstream != board.peers.end();
    if (registered && is_fresh(upstream->server, h, policy)) continue;  // seen, and no primary
    // On our own timeline it may cascade from one of ours; or two were promoted at once, and each called it by the same
    // number.
    const bool same = receiver.timeline == own_timeline;
    if (same && (!registered || lists(board.server, upstream->node.name))) continue;
    RivalView& found = by_sender[{receiver.sender_host, receiver.sender_port, receiver.timeline}];
    const bool newer = receiver.timeline > own_timeline;
    const bool heard = peer.server.facts_asked - receiver.message_age > h.primary_since;
    if (own_timeline != 0 && !same && (newer || heard)) ++supporters[&found];
    found.timeline = receiver.timeline;
    found.seen = false;
    found.peer = registered ? &*upstream : nullptr;
    found.followers.push_back(peer.node.name);
    found.look = std::max(found.look, peer.server.facts_asked);
    const bool proven = registered && 1 + supporters[&found] >= majority;
    found.rival = proven ? Rival::proven : Rival::possible;
  }
  RivalView best;
  for (auto& [sender, found] : by_sender)
    if (found.rival > best.rival) best = std::move(found);
  return best;
}

RivalView find_rival(const Board& board, uint64_t own_system, uint32_t own_timeline, int majority, const Horizon& h,
                     const Policy& policy) {
  RivalView claimant = find_claimant(board, own_system, majority, h, policy);
  if (claimant.rival >= Rival::claimed) return claimant;
  RivalView unseen = find_unseen(board, own_system, own_timeline, majority, h, policy);
  if (unseen.rival > claimant.rival) return unseen;
  if (claimant.rival != Rival::none) return claimant;
  // A majority that answers without telling its role (locked out, starting) excludes nobody.
  int telling = 1;
  for (const Peer& peer : board.peers)
    if (is_fresh(peer.server, h, policy) || refusal_counts(peer.server.session, board)) ++telling;
  RivalView nobody;
  if (telling < majority) nobody.rival = Rival::possible;
  return nobody;
}

/// The primary that the local standby streams from, if we can see that it is one.
const Peer* find_upstream(const Board& board, const Horizon& h, const Policy& policy) {
  if (!is_fresh(board.server, h, policy) || board.server.facts->role != Role::standby) return nullptr;
  if (!receiver_is_live(board.server, h, policy)) return nullptr;
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy) || peer.server.facts->role != Role::primary) continue;
    if (peer.node.type == Node::Type::witness) continue;
    if (!same_system(*peer.server.facts, board.server.facts->system_identifier)) continue;
    if (says_it_follows(*board.server.facts, peer.node.host, peer.node.port)) return &peer;
    if (lists(peer.server, board.self_name)) return &peer;
  }
  return nullptr;
}

/// A majority answers, everyone who answers is in recovery on the timeline that we were fenced on, and nobody follows a
/// stranger.
bool nobody_was_promoted(const Board& board, const ClusterView& view, const Horizon& h, const Policy& policy) {
  if (view.reach != Majority::fresh || view.rival.rival != Rival::none || board.marker.timeline == 0) return false;
  int seen = 1;
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy)) continue;
    const ServerFacts& facts = *peer.server.facts;
    if (peer.node.type != Node::Type::witness) {
      if (facts.role != Role::standby || !same_system(facts, board.disk.system_identifier)) return false;
      if (facts.timeline > board.marker.timeline) return false;
    }
    ++seen;
  }
  return seen >= view.majority;
}

}  // namespace

bool is_fresh(const ServerView& server, const Horizon& h, const Policy& policy) {
  return server.facts && server.session.answer == Answer::ok && server.facts_asked >= h.valid_from &&
         h.now - server.facts_asked <= policy.fresh;
}

Postmaster postmaster_state(const Board& board, const Horizon& h, const Policy& policy) {
  using Process = PostmasterFacts::Process;
  const ServerView& server = board.server;
  if (board.postmaster.process == Process::absent)
    return board.postmaster.survivors > 0 ? Postmaster::orphans : Postmaster::absent;
  if (board.postmaster.process == Process::alive && board.postmaster.status == "stopping") return Postmaster::stopping;

  const Attempts& latest = server.fresh.ended > server.session.ended ? server.fresh : server.session;
  if (latest.answer == Answer::stopping) return Postmaster::stopping;
  if (latest.answer == Answer::starting) return Postmaster::starting;
  if (server.fresh.silent_since && server.fresh.answer == Answer::timed_out) return Postmaster::hung;
  if (is_fresh(server, h, policy) || from_postgresql(latest.answer)) return Postmaster::up;
  if (board.postmaster.process == Process::alive) {
    if (board.postmaster.status == "starting") return Postmaster::starting;
    // Alive, and its session just ended or it does not listen yet: a backend crash, a start, or a probe that is on its
    // way.
    return latest.answer == Answer::timed_out ? Postmaster::hung : Postmaster::up;
  }
  // The process cannot be looked at: what the network says must do.
  if (latest.answer == Answer::refused) return Postmaster::absent;
  if (latest.answer == Answer::timed_out) return Postmaster::hung;
  return Postmaster::unknown;
}

Hang hang_of(const Board& board, const Horizon& h, const Policy& policy) {
  const auto since = board.server.fresh.silent_since;
  if (!since) return Hang::no;
  // Up to the end of the last attempt, not up to now: an agent that runs late proves nothing.
  const Millis quiet = board.server.fresh.ended - std::max(*since, h.valid_from);
  if (quiet >= policy.hang_stop) return Hang::stop;
  return quiet >= policy.hang_withdraw ? Hang::withdraw : Hang::brief;
}

ClusterView view_cluster(const Board& board, const Horizon& h, const Policy& policy) {
  ClusterView view;
  view.nodes = 1 + static_cast<int>(board.peers.size());
  view.majority = view.nodes / 2 + 1;
  // Without the list of nodes nobody can say what a majority is.
  view.reach = board.nodes_known ? reach_of(board, view.majority, h, policy) : Majority::lost;

  const bool own_fresh = is_fresh(board.server, h, policy);
  const uint64_t own_system =
      own_fresh ? board.server.facts->system_identifier : (board.disk.known ? board.disk.system_identifier : 0);
  const uint32_t own_timeline =
      own_fresh ? board.server.facts->timeline : std::max(board.marker.timeline, disk_timeline(board.disk));
  view.foreign = is_foreign(board, own_system, view.majority, h, policy);
  view.rival = find_rival(board, own_system, own_timeline, view.majority, h, policy);
  view.own_followers = followers_of(&board.server, board.self_host, board.self_port, board, h, policy);
  view.own_voices = followers_of(nullptr, board.self_host, board.self_port, board, h, policy).size();
  view.upstream = find_upstream(board, h, policy);
  if (view.upstream) {
    const ServerFacts& primary = *view.upstream->server.facts;
    const ServerFacts& own = *board.server.facts;
    view.lag = primary.lsn > own.replay_lsn ? primary.lsn - own.replay_lsn : 0;
    view.verified_standby = own.receiver->timeline == primary.timeline && primary.system_identifier != 0 &&
                            own.system_identifier == primary.system_identifier;
  }
  view.nobody_promoted = nobody_was_promoted(board, view, h, policy);
  return view;
}

}  // namespace picket
