#include "core/decide.hpp"

#include <algorithm>
#include <utility>

#include "core/crash.hpp"
#include "core/explain.hpp"
#include "core/lease_view.hpp"
#include "core/signals.hpp"
#include "core/start_gate.hpp"

namespace picket {
namespace {

// Two stops for isolation within this time are the same fault.
constexpr Millis flaps_within{60'000};

/// A living server that let its sessions in as a primary, by its files: enough to stop it, never to advertise it.
/// While it shuts down, its sessions may go on.
bool is_primary_on_disk(const Board& board) {
  const bool lets_in = board.postmaster.status == "ready" || board.postmaster.status == "stopping";
  return board.postmaster.process == PostmasterFacts::Process::alive && lets_in && board.disk.known &&
         board.disk.control_state == "in production" && !board.disk.standby_signal && !board.disk.recovery_signal;
}

/// Notes that the server here is a primary. For one that came back from a crash the lease was asked for all the time.
void see_primary(Memory& m, bool another, Instant now) {
  if (m.role != Role::primary) {
    m.primary_since = now;
    m.started = another && !m.lost_at;
  }
  m.role = Role::primary;
}

/// What the server itself said of its role, or what the same postmaster said a moment ago.
void see_role(Signals& s, Memory& m, const Board& board, const Horizon& h, const Policy& policy) {
  const int pid = board.postmaster.pid;
  const bool another = pid != 0 && m.postmaster_pid != 0 && pid != m.postmaster_pid;
  // Another postmaster starts its life unconfirmed, however like the last one it looks.
  if (another) {
    m.state.held = false;
    m.role = Role::unknown;
    m.unreached = {};
  }
  if (is_fresh(board.server, h, policy)) {
    const ServerFacts& facts = *board.server.facts;
    if (m.started_us != 0 && facts.started_us != m.started_us) m.state.held = false;
    if (facts.role == Role::primary)
      see_primary(m, another, h.now);
    else
      m.role = facts.role;
    m.timeline = facts.timeline;
    m.role_asked = board.server.facts_asked;
    m.started_us = facts.started_us;
    if (pid != 0) m.postmaster_pid = pid;  // it may just have died: its facts say nothing of the next one
    s.sight = facts.role == Role::unknown ? Sight::none : Sight::fresh;
  } else if (m.role != Role::unknown && m.role_asked >= h.valid_from && h.now - m.role_asked <= policy.role_ttl) {
    s.sight = Sight::cached;
  } else if (m.role == Role::primary && pid != 0 && pid == m.postmaster_pid) {
    s.sight = Sight::remembered;
  } else if (is_primary_on_disk(board)) {
    // Nobody may ask it, and it has never told: its own control file does.
    see_primary(m, another, h.now);
    m.postmaster_pid = pid;
    m.timeline = disk_timeline(board.disk);
    s.sight = Sight::remembered;
  }
  s.role = s.sight == Sight::none ? Role::unknown : m.role;
}

/// Turns a proof into a confirmed one: the same rival, asked again, over the confirm time, all of it while this server
/// is a primary.
Rival confirm(Memory& m, const ClusterView& view, const Signals& s, Instant now, const Policy& policy) {
  Rival rival = view.rival.rival;
  // No two servers have a majority of followers; where it looks so, a list of followers is out of date.
  // A newer lease is no matter of lists.
  if (rival == Rival::proven && s.own_support && !view.rival.by_lease) rival = Rival::claimed;
  if (rival != Rival::proven || s.role != Role::primary) {
    m.rival_id = 0;
    return rival;
  }
  const int id = view.rival.peer->node.id;
  if (m.rival_id != id) {
    m.rival_id = id;
    m.rival_since = now;
    m.rival_look = view.rival.look;
    m.rival_looks = 1;
  } else if (view.rival.look > m.rival_look) {
    m.rival_look = view.rival.look;
    m.rival_looks = std::min(m.rival_looks + 1, 2);
  }
  // Somebody still streams from us: evidence against. Look for longer, then stop in the way that flushes to them.
  Millis wait = view.own_followers.empty() ? policy.stale_confirm : policy.conflict_confirm;
  // We were promoted after it: repmgrd may still be telling the others to follow us.
  if (view.rival.timeline < m.timeline) wait = std::max(wait, policy.promotion_confirm);
  return m.rival_looks >= 2 && now - m.rival_since >= wait ? Rival::confirmed : Rival::proven;
}

/// True when `condition` has held at every look since `since` for at least `bound`.
bool stood(std::optional<Instant>& since, bool condition, Instant now, Millis bound) {
  if (!condition) since.reset();
  if (condition && !since) since = now;
  return since && now - *since >= bound;
}

/// Nobody can be judged yet: since the agent started or slept, or since this server became a primary, not everybody has
/// been asked, and that is not long ago.
bool still_looking(const Board& board, Role role, const Horizon& h, const Policy& policy) {
  const Instant known = std::max(board.started, h.valid_from);
  const Instant since = role == Role::primary ? std::max(known, h.primary_since) : known;
  const auto pending = [&](const ServerView& server) { return server.session.asked < since; };
  const bool all_asked =
      !pending(board.server) && std::ranges::none_of(board.peers, [&](const Peer& p) { return pending(p.server); });
  return !all_asked && h.now - since <= policy.fresh;
}

/// What the start gate would say now to the start that it refused; nothing when there is none, or the marker says it.
std::optional<GateAnswer> ask_gate_again(const Board& board, MarkerState marker, const Horizon& h,
                                         const Policy& policy) {
  const bool absent = board.postmaster.process == PostmasterFacts::Process::absent;
  if (!board.start_refused || !absent || marker != MarkerState::none) return {};
  return start_gate(board, h, policy, false);
}

/// Whether a fence for isolation, or a refused start, may be undone: nothing of the old server is left, and nobody is
/// still stopping it. A standby, and a server that nobody can vouch for, are not started by us; nor is a unit that
/// somebody is starting just now.
bool may_start(const Board& board, const ClusterView& view, MarkerState marker, const std::optional<GateAnswer>& gate) {
  if (board.fence_in_progress || board.postmaster.survivors != 0) return false;
  if (marker == MarkerState::isolated) return view.nobody_promoted;
  const UnitFacts& unit = board.unit;
  const bool at_rest =
      unit.known && unit.job.empty() && (unit.active_state == "failed" || unit.active_state == "inactive");
  return gate && at_rest && gate->row == GateRow::B3 && gate->admission == Admission::allow;
}

/// How long that has to stand. One who stepped down for another waits for as long as that one may take; one who was cut
/// off twice within a minute has a link that flaps, and waits for as long as a standby that comes back.
Millis return_bound(const Memory& m, const MarkerFacts& marker, const Policy& policy) {
  const Millis usual = policy.return_stable;
  if (stepped_down(marker)) return std::max(policy.promote_within, usual);
  const bool flaps = m.cut_off_before && *m.cut_off_at - *m.cut_off_before < flaps_within;
  return flaps ? std::max(policy.rejoin_stable, usual) : usual;
}

/// What the other voters say of this server; only a primary that can serve, and that has the lease, listens.
void hear_voters(Signals& s, Memory& m, const Board& board, const Horizon& h, const Policy& policy) {
  if (s.postmaster == Postmaster::absent) m.unreached = {};
  const bool serves = m.state.held && s.role == Role::primary && s.sight == Sight::fresh &&
                      s.postmaster == Postmaster::up && s.majority == Majority::fresh && !s.gap;
  if (s.role == Role::primary && s.sight == Sight::fresh) m.unreached.log = after_look(m.unreached.log, board.server);
  const Unreached seen = serves ? unreached(board, h, policy, m.unreached.log) : Unreached{};
  m.unreached = after_look(m.unreached, seen, serves, h.now);
  s.unreached = is_due(m.unreached, h.now, policy);
}

/// Whether streaming as a standby is enough to lift the fence: what an operator ordered, an operator ends.
bool may_rejoin(const MarkerFacts& marker, MarkerState state) {
  const std::string ordered{word(FenceReason::operator_order)};
  return (state == MarkerState::fenced || state == MarkerState::isolated) &&
         std::ranges::find(marker.reasons, ordered) == marker.reasons.end();
}

}  // namespace

Step decide(const Memory& memory, const Board& board, Instant now, const Policy& policy) {
  Memory m = memory;
  Signals s;
  s.gap = now - m.last.value_or(board.started) > policy.loop_gap;
  if (s.gap) m.valid_from = now;
  m.last = now;
  Horizon h{now, m.valid_from, {}, {}};

  see_role(s, m, board, h, policy);
  s.witness = witness_of(board);
  // What was confirmed as a primary here is none.
  if (s.witness == IsWitness::unproved && m.state.held) s.witness = IsWitness::no;
  h.primary_since = m.primary_since;
  if (m.started && !m.state.held) h.started_since = m.primary_since;  // who was confirmed has asked
  const ClusterView view = view_cluster(board, h, policy);
  s.postmaster = postmaster_state(board, h, policy);
  s.hang = hang_of(board, h, policy);
  s.foreign = view.foreign;
  s.marker = marker_state(board.marker);
  s.majority = view.reach;
  s.small_cluster = view.nodes < 3 && !board.lease;
  s.own_support =
      board.lease ? lease_is_valid(board, now) : 1 + static_cast<int>(view.own_followers.size()) >= view.majority;
  s.rival = confirm(m, view, s, now, policy);
  // Against one who shows itself our list is not enough: it keeps for a minute whom a cut took away.
  if (s.rival == Rival::claimed && !board.lease) s.own_support = 1 + static_cast<int>(view.own_voices) >= view.majority;
  s.followed = !view.own_followers.empty();
  s.follows_primary = view.upstream != nullptr;
  if (s.sight == Sight::fresh) m.lag = after_look(m.lag, board, now, policy);
  s.lag_ok = !m.lag.withheld;
  s.stale_reads = policy.stale_reads;
  const auto gate = ask_gate_again(board, s.marker, h, policy);
  const bool startable = may_start(board, view, s.marker, gate);
  const bool returnable =
      stood(m.returnable_since, startable && could_have_lease(board, h), now, return_bound(m, board.marker, policy));
  const bool in_place = see_crash(m, board, s.postmaster, view, s.marker, now, policy);
  s.restart = in_place ? Restart::in_place : returnable ? Restart::allowed : Restart::no;
  const bool rejoined = stood(
      m.verified_since, view.verified_standby && s.witness != IsWitness::yes && may_rejoin(board.marker, s.marker), now,
      policy.rejoin_stable);

  hear_voters(s, m, board, h, policy);

  const Ruling row = match(s, m.state);
  m.state = after(s, m.state, row);
  if (row.rule == Rule::R11) m.unreached.stopping = true;
  if (row.rule == Rule::R4 && !m.cut_off) m.cut_off_before = std::exchange(m.cut_off_at, now);
  m.cut_off = row.rule == Rule::R4;

  Verdict v;
  v.rule = row.rule;
  v.advert = row.advert;
  const bool waits = in_place || lease_is_settling(board, h, policy) || still_looking(board, s.role, h, policy);
  v.vrrp = row.vrrp == Vrrp::lower && waits ? Vrrp::hold : row.vrrp;
  v.action = row.action;
  v.reason = row.reason;
  v.lease = lease_wish(row, s, m, board);
  // A server that is not there has no role, whatever it had, and a witness's has none in this cluster.
  const bool lives =
      s.postmaster == Postmaster::up || s.postmaster == Postmaster::hung || s.postmaster == Postmaster::stopping;
  v.role = lives && s.sight != Sight::none && s.witness != IsWitness::yes ? s.role : Role::unknown;
  v.timeline = v.role == Role::unknown ? 0 : m.timeline;
  v.clear_marker = (row.rule == Rule::B3 && s.marker == MarkerState::isolated) || rejoined;
  if (gate && gate->stale) v.stale_start = gate->sentence;
  v.sentence = sentence_for(row, s, view, board, policy, m.unreached.seen);
  const bool settled = now - board.started > policy.fresh;
  v.alarms = alarms_for(row, s, view, board, settled, m.unreached.seen);
  const std::string waits_for_voters = startable && settled ? unheard_alarm(board, h) : "";
  for (std::string alarm : {crash_alarm(m), lease_alarm(row, m.state, board, now), waits_for_voters})
    if (!alarm.empty()) v.alarms.push_back(std::move(alarm));
  // R15 lies over every row: the address is here, nothing says it may be, and nobody else is there to take it away.
  if (board.address.state == AddressFacts::State::present && board.keepalived.state == KeepalivedFacts::State::dead &&
      row.advert != Advert::primary && v.vrrp != Vrrp::hold) {
    v.vrrp = Vrrp::fault;
    v.remove_address = true;
  }
  if (board.lease) v.client_gate = client_gate(row, v.vrrp, v.lease, s, m.state);
  return {std::move(m), std::move(v), s};
}

}  // namespace picket
