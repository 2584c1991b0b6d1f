#include "core/signals.hpp"

#include <algorithm>
#include <map>

#include "core/following.hpp"
#include "core/lease_view.hpp"
#include "core/rival.hpp"

namespace picket {
namespace {

// Longer than repmgrd takes to promote somebody with any sensible timing, shorter than an administrator's patience.
constexpr Millis missing_after{15'000};

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

/// The primary that the local standby streams from, if we can see that it is one.
const Peer* find_upstream(const Board& board, const Horizon& h, const Policy& policy) {
  if (!is_fresh(board.server, h, policy) || board.server.facts->role != Role::standby) return nullptr;
  if (!receiver_is_live(board.server, h, policy)) return nullptr;
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy) || peer.server.facts->role != Role::primary) continue;
    const uint64_t own = board.server.facts->system_identifier;
    if (is_witness(peer, own) || !same_system(*peer.server.facts, own)) continue;
    if (says_it_follows(*board.server.facts, peer.node.host, peer.node.port)) return &peer;
    if (lists(peer.server, board.self_name)) return &peer;
  }
  return nullptr;
}

/// For a sentence only, so that it may rest on metadata: the node that was the primary, when nobody is and it has been
/// silent for longer than an election takes. One that answers has words of its own.
const Peer* find_missing(const Board& board, const ClusterView& view, const Horizon& h, const Policy& policy) {
  if (!is_fresh(board.server, h, policy) || board.server.facts->role != Role::standby) return nullptr;
  if (view.upstream || view.rival.rival >= Rival::claimed || view.rival.other_data) return nullptr;
  if (!view.rival.followers.empty()) return nullptr;  // somebody streams from someone
  const auto last = std::ranges::find_if(board.peers, [](const Peer& p) { return p.node.type == Node::Type::primary; });
  if (last == board.peers.end()) return nullptr;
  const Instant never = std::max(board.started, h.valid_from);
  const Instant heard = std::max(
      {never, last->server.session.answered_asked.value_or(never), last->server.fresh.answered_asked.value_or(never)});
  return h.now - heard > missing_after ? &*last : nullptr;
}

/// A majority answers, everyone who answers is in recovery on the timeline that we were fenced on, and nobody follows a
/// stranger.
bool nobody_was_promoted(const Board& board, const ClusterView& view, const Horizon& h, const Policy& policy) {
  if (view.answers != Majority::fresh || view.rival.rival != Rival::none || board.marker.timeline == 0) return false;
  int seen = 1;
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy)) continue;
    const ServerFacts& facts = *peer.server.facts;
    if (!is_witness(peer, board.disk.system_identifier)) {
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

Board board_of_a_witness(int id, Instant started) {
  const std::string why = "a witness has no PostgreSQL";
  Board board;
  board.self_id = id;
  board.self_name = "witness";
  board.self_is_witness = true;
  board.started = started;
  board.marker.state = MarkerFacts::State::none;
  for (std::string* unknown : {&board.nodes_why_unknown, &board.postmaster.why_unknown, &board.disk.why_unknown,
                               &board.unit.why_unknown, &board.keepalived.why_unknown})
    *unknown = why;
  return board;
}

IsWitness witness_of(const Board& board) {
  if (!board.self_is_witness) return IsWitness::no;
  if (!board.nodes_known) return IsWitness::yes;
  const auto& server = board.server.facts;
  if (server && server->role == Role::standby) return IsWitness::no;
  const uint64_t own = server && server->system_identifier != 0 ? server->system_identifier
                       : board.disk.known                       ? board.disk.system_identifier
                                                                : 0;
  if (own == 0) return IsWitness::unproved;
  // However long ago: whose data this is does not age.
  IsWitness found = IsWitness::unproved;
  for (const Peer& peer : board.peers) {
    const uint64_t told = peer.server.facts ? peer.server.facts->system_identifier : 0;
    if (told == own) return IsWitness::no;
    // Another witness has other data than anybody.
    if (told != 0 && peer.node.type != Node::Type::witness) found = IsWitness::yes;
  }
  return found;
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
  view.reach = view.answers = board.nodes_known ? reach_of(board, view.majority, h, policy) : Majority::lost;

  const bool own_fresh = is_fresh(board.server, h, policy);
  const uint64_t own_system =
      own_fresh ? board.server.facts->system_identifier : (board.disk.known ? board.disk.system_identifier : 0);
  const uint32_t own_timeline =
      own_fresh ? board.server.facts->timeline : std::max(board.marker.timeline, disk_timeline(board.disk));
  view.foreign = is_foreign(board, own_system, view.majority, h, policy);
  view.rival = find_rival(board, own_system, own_timeline, view.majority, h, policy);
  if (board.lease) judge_by_lease(view, *board.lease, board, h, policy);
  const auto ours = [&](const ServerView* list) {
    return followers_of(list, board.self_host, board.self_port, board, h.primary_since, h, policy);
  };
  view.own_followers = ours(&board.server);
  view.own_voices = ours(nullptr).size();
  view.upstream = find_upstream(board, h, policy);
  if (view.upstream) {
    const ServerFacts& primary = *view.upstream->server.facts;
    const ServerFacts& own = *board.server.facts;
    view.verified_standby = own.receiver->timeline == primary.timeline && primary.system_identifier != 0 &&
                            own.system_identifier == primary.system_identifier;
  }
  view.missing = find_missing(board, view, h, policy);
  view.nobody_promoted = nobody_was_promoted(board, view, h, policy);
  return view;
}

}  // namespace picket
