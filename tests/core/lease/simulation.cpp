// The agents of the simulation: what each sees of its node, decides and does.

#include "core/lease/simulation.hpp"

#include <algorithm>
#include <iostream>
#include <limits>

namespace picket::simulation {
namespace {
constexpr Millis poll{250};
constexpr Millis promote_within{30'000};
constexpr Millis hook_repeats{2000};
}  // namespace

void Simulation::say(int i, const std::string& text) const {
  if (options_.tell) std::cout << static_cast<double>(now_) / 1e6 << " s n" << i + 1 << ": " << text << '\n';
}

void Simulation::tell_state(int i) const {
  const Node& n = at(i);
  const Lease& l = n.agent.lease;
  say(i, std::string(n.pg.running ? "runs" : "does not run") + (n.pg.role == Role::primary ? " as a primary" : "") +
             ", timeline " + std::to_string(n.pg.position.timeline) + " byte " + std::to_string(n.pg.position.lsn) +
             ", upstream n" + std::to_string(n.pg.upstream + 1) + ", marker " +
             std::to_string(static_cast<int>(n.marker)) + ", repmgrd " +
             std::to_string(static_cast<int>(n.repmgrd.doing)) + ", wishes to " +
             std::string(word(n.agent.input.wish)) + ", promise " + std::to_string(l.promise.term) + " to n" +
             std::to_string(l.promise.to) + ", newest holder n" + std::to_string(l.won_by) + " of term " +
             std::to_string(l.won_term) + (holds(i) ? ", holds the lease" : ""));
}

void Simulation::agent_starts(int i) {
  Node& n = at(i);
  if (n.agent.up) return;
  const uint32_t run = n.agent.run + 1;
  const bool held = n.agent.memory.state.held;
  const int pid = n.agent.memory.postmaster_pid;
  n.agent = {};
  n.agent.up = true;
  n.agent.run = run;
  n.agent.memory.state.held = held;
  n.agent.memory.postmaster_pid = pid;
  const bool forgets = options_.mistake == Mistake::promise_forgotten;
  const Promise kept = forgets ? Promise{} : n.durable;
  const Instant now = n.clock.at(now_);
  n.agent.lease =
      lease_after_start(n.setup, kept, now, options_.mistake == Mistake::older_lease_forgotten ? 0 : n.noted);
  if (options_.mistake == Mistake::older_lease_forgotten) n.agent.lease.owed_until = Lease::never;
  n.agent.board.self_id = i + 1;
  n.agent.board.started = now;
  n.agent.board.unit.known = true;
  for (int j = 0; j < count_; ++j)
    if (j != i) n.agent.board.peers.push_back({picket::Node{.id = j + 1}, {}});
  say(i, "agent starts with a promise of term " + std::to_string(kept.term) + " to n" + std::to_string(kept.to));
  if (options_.mistake != Mistake::promise_forgotten && kept.term < n.told)
    fail("n" + std::to_string(i + 1) + " has forgotten a promise that others were told of");
  plan(What::tick, i, now_ + random_.between(0, 100 * ms));
}

void Simulation::agent_ends(int i) {
  Node& n = at(i);
  Agent& a = n.agent;
  if (!a.up) return;
  // A write under way may or may not reach the disk.
  if (a.writing != 0 && random_.chance(500)) n.durable = a.on_its_way;
  n.outlives = std::max(n.outlives, valid_until(a.lease, n.setup));
  n.noted = a.lease.term;
  a.up = false;
  ++a.run;
  ++report_.restarts;
  n.valid_term = 0;
  n.repmgrd.doing = n.repmgrd.doing == Repmgrd::Doing::validating ? Repmgrd::Doing::waiting : n.repmgrd.doing;
}

void Simulation::tick(int i) {
  decide(i);
  const Node& n = at(i);
  take(i, on_tick(n.agent.lease, n.setup, n.clock.at(now_), n.agent.input));
  plan(What::tick, i, now_ + n.clock.lasting(poll));
}

void Simulation::decide(int i) {
  settle(i);
  Node& n = at(i);
  Agent& a = n.agent;
  Memory& m = a.memory;
  const Postgres& pg = n.pg;
  const Instant now = n.clock.at(now_);
  Signals s;
  s.gap = m.last && now - *m.last > policy_.loop_gap;
  if (s.gap) m.valid_from = now;
  const bool first = !m.last;
  m.last = now;

  using Process = PostmasterFacts::Process;
  a.board.postmaster.process = pg.running ? Process::alive : Process::absent;
  a.board.postmaster.left_pid_file = !pg.running && pg.crashed;
  const bool hung = now_ < pg.hung_until;
  s.postmaster = !pg.running                ? Postmaster::absent
                 : now_ < pg.starting_until ? Postmaster::starting
                 : hung                     ? Postmaster::hung
                 : pg.dies_at != 0          ? Postmaster::stopping
                                            : Postmaster::up;
  if (hung) {
    const Moment silent = now_ - pg.hung_from;
    s.hang = silent >= 4 * second ? Hang::stop : silent >= 2 * second ? Hang::withdraw : Hang::brief;
  }
  if (pg.running && pg.pid != m.postmaster_pid) {
    m.state.held = false;
    m.role = Role::unknown;
  }
  if (s.postmaster == Postmaster::up && !first) {
    if (pg.role == Role::primary && m.role != Role::primary) m.primary_since = now;
    m.role = pg.role;
    m.role_asked = now;
    m.postmaster_pid = pg.pid;
    s.sight = Sight::fresh;
  } else if (m.role != Role::unknown && m.role_asked >= m.valid_from && now - m.role_asked <= policy_.role_ttl) {
    s.sight = Sight::cached;
  } else if (m.role == Role::primary && pg.running) {
    s.sight = Sight::remembered;
  }
  s.role = s.sight == Sight::none ? Role::unknown : m.role;
  s.marker = n.marker;

  LeaseFacts facts{.voters = count_, .majority = n.setup.majority()};
  facts.term = a.lease.term;
  facts.had = n.had;
  facts.valid_until = valid_until(a.lease, n.setup);
  if (a.lease.term != 0 && n.outlives > facts.valid_until) facts.valid_until = n.outlives;
  facts.confirmed = facts.valid_until == Lease::never ? Lease::never : facts.valid_until - n.setup.timing.lease;
  facts.won_term = a.lease.won_term;
  facts.won_by = a.lease.won_by;
  const int winner = a.lease.won_by - 1;
  if (winner >= 0 && winner != i && !cut_[winner][i] && at(winner).agent.up && answers(winner) &&
      at(winner).pg.role == Role::primary)
    a.winner_promoted = now;
  if (winner >= 0 && winner != i && sql(i, winner)) {
    ServerView& server = a.board.peers[static_cast<size_t>(winner < i ? winner : winner - 1)].server;
    server.session.answer = Answer::ok;
    server.session.asked = server.facts_asked = now;
    if (!server.facts) server.facts.emplace();
    server.facts->role = at(winner).pg.role;
    server.facts->timeline = at(winner).pg.position.timeline;
  }
  facts.winner_promoted = a.winner_promoted;
  facts.campaigning = now < a.campaign_until;
  a.board.lease = facts;
  ClusterView view;
  judge_by_lease(view, facts, a.board, {now, m.valid_from, m.primary_since}, policy_);
  s.majority = view.reach;
  s.own_support = lease_is_valid(a.board, now);
  s.rival = view.rival.rival;
  if (s.rival != Rival::proven || s.role != Role::primary)
    a.rival_since = Lease::never;
  else if (a.rival_since == Lease::never)
    a.rival_since = now;
  else if (now - a.rival_since >= policy_.stale_confirm)
    s.rival = Rival::confirmed;
  const bool in_place = see_crash(m, a.board, s.postmaster, view, s.marker, now, policy_);
  if (!returnable(i))
    a.returnable_since = Lease::never;
  else if (a.returnable_since == Lease::never)
    a.returnable_since = now;
  const bool allowed = a.returnable_since != Lease::never && now - a.returnable_since >= policy_.return_stable;
  s.restart = in_place ? Restart::in_place : allowed ? Restart::allowed : Restart::no;

  const Ruling row = match(s, m.state);
  m.state = after(s, m.state, row);
  const Wish wish = lease_wish(row, s, m, a.board);
  if (options_.tell && wish != a.input.wish)
    say(i, "wishes to " + std::string(word(wish)) + " by " + std::string(word(row.rule)));
  a.input.wish = wish;
  a.input.behind.reset();
  if (s.sight == Sight::fresh) {
    a.input.position = pg.position;
    if (pg.role == Role::standby) a.input.behind = pg.position;
    if (pg.role == Role::primary) a.input.position.lsn = std::numeric_limits<Lsn>::max();
  }
  // Proof of death, or a server that has turned into a standby: nothing of an earlier run goes on.
  if (wish == Wish::give_back) {
    n.outlives = {};
    n.had = false;
    n.noted = 0;
  }
  obey(i, row);
}

void Simulation::obey(int i, const Ruling& row) {
  Node& n = at(i);
  const bool stops = row.action == Action::stop_fast || row.action == Action::stop_now;
  if (stops && n.pg.running && n.pg.dies_at == 0) {
    say(i, "stops PostgreSQL by " + std::string(word(row.rule)));
    n.pg.dies_at = now_ + random_.between(50 * ms, 2400 * ms);
  }
  if (row.reason == FenceReason::isolated && n.marker == MarkerState::none) n.marker = MarkerState::isolated;
  if (row.reason != FenceReason::none && row.reason != FenceReason::isolated) n.marker = MarkerState::fenced;
  if (row.action == Action::start && !n.pg.running && n.pg.starts_at == 0) {
    n.pg.starts_at = now_ + 300 * ms;
    if (row.rule == Rule::B3) n.marker = MarkerState::none;
  }
}

void Simulation::wait_for_lease(int i) {
  Node& n = at(i);
  Agent& a = n.agent;
  const bool asked = a.up && now_ >= std::max(n.paused_until, n.agent_paused_until);
  if (!asked || n.marker != MarkerState::none || !answers(i) || n.pg.role != Role::standby) return;
  const Instant now = n.clock.at(now_);
  const bool valid = now < valid_until(a.lease, n.setup);
  a.campaign_until = std::max(a.campaign_until, now + (valid ? promote_within : hook_repeats));
  if (!valid || n.pg.promoted_at != 0) return;
  n.pg.promoted_at = now_ + random_.between(200 * ms, second);
  say(i, "is promoted with term " + std::to_string(a.lease.term));
  n.repmgrd.doing = Repmgrd::Doing::monitoring;
  n.repmgrd.asks_until = 0;
}

}  // namespace picket::simulation
