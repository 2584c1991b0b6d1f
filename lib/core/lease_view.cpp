#include "core/lease_view.hpp"

#include <algorithm>

namespace picket {
namespace {

constexpr Millis after_a_gap{500}, after_a_start{1000};

Majority reach_of(const LeaseFacts& lease, const Board& board, const Horizon& h, const Policy& policy) {
  if (h.now < lease.valid_until)
    return h.now - lease.confirmed <= policy.suspect_after ? Majority::fresh : Majority::suspect;
  // What was never ours is not over: a primary from before the lease, whose voters cannot be reached yet, is not
  // stopped.
  return !lease.had || lease_is_settling(board, h, policy) ? Majority::asking : Majority::lapsed;
}

/// Since when the winner of the newer lease is known to be a primary, by its server or by its agent's word.
std::optional<Instant> promoted(const LeaseFacts& lease, const Peer& winner, const Horizon& h, const Policy& policy) {
  if (is_fresh(winner.server, h, policy)) {
    if (winner.server.facts->role != Role::primary) return {};
    return winner.server.facts_asked;
  }
  if (lease.winner_promoted && *lease.winner_promoted >= h.valid_from && h.now - *lease.winner_promoted <= policy.fresh)
    return lease.winner_promoted;
  return {};
}

/// How many voters are heard, this one included.
int voters_heard(const Board& board, const Horizon& h) { return 1 + static_cast<int>(words_heard(board, h).size()); }

/// No process of the server is left: not what the network says, but what the operating system shows.
bool proved_absent(const Board& board) {
  return board.postmaster.process == PostmasterFacts::Process::absent && board.postmaster.survivors == 0;
}

}  // namespace

bool lease_is_valid(const Board& board, Instant now) { return board.lease && now < board.lease->valid_until; }

bool lease_is_settling(const Board& board, const Horizon& h, const Policy& policy) {
  if (!board.lease) return false;
  // One round trip is enough for an agent that goes on with its old lease, and each moment counts if that is over.
  if (h.now - board.started <= policy.fresh || h.now - h.valid_from <= after_a_gap) return true;
  // While somebody restarted the server nobody asked for its lease; a few datagrams may be lost.
  const bool replaced = board.lease->won_term > board.lease->term && board.lease->won_by != board.self_id;
  return !replaced && h.now - h.started_since <= after_a_start;
}

std::vector<const VoterWord*> words_heard(const Board& board, const Horizon& h) {
  // A report comes with each heartbeat; one of four that is lost changes nothing.
  const Millis last = std::max(Millis{2000}, 4 * board.lease->heartbeat);
  std::vector<const VoterWord*> words;
  for (const VoterWord& word : board.lease->words)
    if (word.voter != board.self_id && word.at >= h.valid_from && h.now - word.at <= last) words.push_back(&word);
  return words;
}

bool could_have_lease(const Board& board, const Horizon& h) {
  return !board.lease || (!board.lease->bound && voters_heard(board, h) >= board.lease->majority);
}

void judge_by_lease(ClusterView& view, const LeaseFacts& lease, const Board& board, const Horizon& h,
                    const Policy& policy) {
  // Beside somebody who shows himself as a primary it is not asked for.
  Horizon asking = h;
  if (view.rival.rival >= Rival::claimed) asking.started_since = {};
  view.reach = reach_of(lease, board, asking, policy);
  if (h.now < lease.valid_until) {
    view.rival.rival = std::min(view.rival.rival, Rival::claimed);
    return;
  }
  if (lease.won_term <= lease.term || lease.won_by == board.self_id || lease.won_by == 0) return;
  const auto winner = std::ranges::find_if(board.peers, [&](const Peer& p) { return p.node.id == lease.won_by; });
  if (winner == board.peers.end()) {
    view.rival.rival = std::max(view.rival.rival, Rival::claimed);
    return;
  }
  const auto look = promoted(lease, *winner, h, policy);
  // It won, and was seen in recovery: not promoted yet, or not any more.
  const bool in_recovery = is_fresh(winner->server, h, policy) && winner->server.facts->role == Role::standby;
  if (in_recovery && view.rival.peer != &*winner) return;
  RivalView rival;
  rival.by_lease = true;
  rival.rival = look ? Rival::proven : Rival::claimed;
  rival.peer = &*winner;
  rival.look = look.value_or(h.now);
  rival.seen = look.has_value();
  rival.timeline = winner->server.facts ? winner->server.facts->timeline : 0;
  if (rival.rival >= view.rival.rival) view.rival = rival;
}

Wish lease_wish(const Ruling& row, const Signals& s, const Memory& m, const Board& board) {
  if (!board.lease || s.witness == IsWitness::yes || row.rule == Rule::R0 || row.rule == Rule::R0b) return Wish::idle;
  switch (s.postmaster) {
    case Postmaster::absent:
      if (row.rule == Rule::R10c) return Wish::hold;
      return row.rule == Rule::B3 || !board.unit.job.empty() || !proved_absent(board) ? Wish::idle : Wish::give_back;
    case Postmaster::starting:
      // However long its recovery takes: at its end it lets writers in, and nobody else may do so then. To have another
      // take over, stop it: that gives the lease back.
      return m.state.held || m.lost_at ? Wish::hold : Wish::idle;
    case Postmaster::unknown:
    case Postmaster::orphans: return Wish::idle;
    case Postmaster::up:
    case Postmaster::hung:
    case Postmaster::stopping: break;  // its sessions may go on while it shuts down
  }
  if (s.sight == Sight::none) return Wish::idle;
  if (s.role == Role::standby) {
    if (board.lease->campaigning) return Wish::hold;
    return s.sight == Sight::fresh ? Wish::give_back : Wish::idle;
  }
  // It may be a witness's server, which must not hold up those who have the data.
  if (s.witness == IsWitness::unproved) return Wish::idle;
  switch (row.rule) {
    case Rule::R2:
    case Rule::R3:
    case Rule::R3c:
    case Rule::R4:
    case Rule::R7: return Wish::idle;
    case Rule::R6: return s.rival < Rival::claimed ? Wish::hold : Wish::idle;
    default: return Wish::hold;
  }
}

std::string lease_alarm(const Ruling& row, const State& state, const Board& board, Instant now) {
  if (row.rule != Rule::R16 || !state.held || !lease_is_valid(board, now)) return {};
  return "this primary cannot be asked any more, and holds the lease, so that no other is promoted: if it does not "
         "serve, stop PostgreSQL here";
}

std::string unheard_alarm(const Board& board, const Horizon& h) {
  if (!board.lease) return {};
  const int heard = voters_heard(board, h);
  if (heard >= board.lease->majority) return {};
  return "PostgreSQL is not started again before the agents of " + std::to_string(board.lease->majority) + " of the " +
         std::to_string(board.lease->voters) + " voters are heard, this one included; " + std::to_string(heard) +
         (heard == 1 ? " is" : " are");
}

ClientGate client_gate(const Ruling& row, Vrrp vrrp, Wish wish, const Signals& s, const State& m) {
  // The voters are free from now on, sooner than it would have run out.
  if (wish == Wish::give_back) return ClientGate::closed;
  if (row.rule == Rule::R1) return ClientGate::open;
  if (row.advert == Advert::primary) return ClientGate::keep;
  const bool confirmed = s.role == Role::primary && s.sight != Sight::none && m.held && !m.suspended;
  if (row.rule == Rule::R10 && s.postmaster == Postmaster::stopping && confirmed) return ClientGate::keep;
  return vrrp == Vrrp::hold && row.rule != Rule::R0b ? ClientGate::leave : ClientGate::closed;
}

}  // namespace picket
