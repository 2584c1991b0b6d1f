// What surrounds the agents of the simulation: PostgreSQL, repmgrd and the administrator.

#include <algorithm>

#include "core/lease/simulation.hpp"

namespace picket::simulation {

Simulation::Simulation(uint64_t seed, Options options)
    : options_(options), random_(seed), count_(3 + random_.below(3)), nodes_(static_cast<size_t>(count_)) {
  heal_at_ = options_.faults_until.count() * ms;
  end_ = options_.length.count() * ms;
  policy_.level = Level::lease;
  monitor_ = random_.between(500 * ms, 2 * second);
  interval_ = random_.between(500 * ms, 2 * second);
  attempts_ = 2 + random_.below(5);
  idle_cluster_ = random_.chance(300);
  report_.voters = count_;
  LeaseTiming timing{Millis{500}, Millis{3000}, Millis{3200}};
  if (random_.chance(300)) timing.bound = Millis{5700};
  if (options_.mistake == Mistake::bound_without_drift) timing.bound = timing.lease;
  if (options_.mistake == Mistake::bound_is_shorter) timing.bound = timing.lease - timing.heartbeat;
  for (int i = 0; i < count_; ++i) {
    Node& n = at(i);
    n.name = "n" + std::to_string(i + 1);
    n.marker.state = MarkerFacts::State::none;
    n.clock.booted = -random_.between(0, 1000 * second);
    n.clock.ppm = random_.between(-10'000, 10'000);
    n.setup.self = i + 1;
    for (int j = 0; j < count_; ++j) n.setup.voters.push_back(j + 1);
    n.setup.timing = timing;
    if (random_.chance(300)) n.disk_most = 200 * ms;
    n.pg.role = i == 0 ? Role::primary : Role::standby;
    n.pg.upstream = i == 0 ? -1 : 0;
    plan(What::agent_starts, i, random_.between(0, second));
    plan(What::repmgrd, i, random_.between(0, second));
  }
  if (options_.quiet) {
    delay_most_ = 50 * ms;
    healed_ = true;
  } else {
    plan(What::fault, 0, random_.between(8 * second, 20 * second));
  }
}

bool Simulation::answers(int i) const {
  const Node& n = at(i);
  return n.pg.running && !frozen(i) && now_ >= n.pg.starting_until && now_ >= n.pg.hung_until;
}

/// A session from one to the other.
bool Simulation::sql(int a, int b) const { return answers(b) && path(a, b); }

// What has come true by now, looked at when somebody looks. A frozen host stands still.
void Simulation::settle(int i) {
  Node& n = at(i);
  Postgres& pg = n.pg;
  if (frozen(i)) return;
  if (pg.dies_at != 0 && now_ >= pg.dies_at) end_postgres(i, false);
  if (pg.starts_at != 0 && now_ >= pg.starts_at) start_postgres(i);
  if (pg.promoted_at != 0 && now_ >= pg.promoted_at && answers(i)) {
    pg.promoted_at = 0;
    pg.role = Role::primary;
    ++pg.position.timeline;
    ++pg.position.lsn;
    pg.upstream = -1;
    ++report_.promotions;
    say(i, "is a primary on timeline " + std::to_string(pg.position.timeline));
  }
  if (!answers(i)) return;
  if (pg.role == Role::primary && !idle_cluster_) pg.position.lsn = static_cast<Lsn>(now_ / ms);
  const bool streams =
      pg.role == Role::standby && pg.upstream >= 0 && sql(i, pg.upstream) && at(pg.upstream).pg.position >= pg.position;
  if (streams) pg.position = at(pg.upstream).pg.position;
  if (!streams) return;
  pg.heard_from = pg.upstream;
  pg.heard_pid = at(pg.upstream).pg.pid;
  pg.heard = now_;
}

void Simulation::start_postgres(int i) {
  Postgres& pg = at(i).pg;
  pg.starts_at = 0;
  if (pg.running || frozen(i)) return;
  pg.running = true;
  ++pg.pid;
  pg.heard_from = -1;
  pg.starting_until = now_ + random_.between(200 * ms, random_.chance(100) ? 25 * second : 2 * second);
  pg.hung_until = pg.dies_at = pg.promoted_at = 0;
  say(i, pg.role == Role::primary ? "PostgreSQL starts as a primary" : "PostgreSQL starts as a standby");
}

void Simulation::end_postgres(int i, bool crash) {
  Postgres& pg = at(i).pg;
  if (pg.running) say(i, "PostgreSQL has ended");
  pg.running = false;
  pg.crashed = crash;
  pg.ended = now_;
  pg.dies_at = pg.promoted_at = pg.hung_until = 0;
}

// One round of repmgrd on a standby; where the server is down, of the administrator.
void Simulation::repmgrd(int i) {
  using Doing = Repmgrd::Doing;
  Node& n = at(i);
  Repmgrd& r = n.repmgrd;
  settle(i);
  judge_service();
  Moment next = monitor_;
  if (frozen(i)) {
    // Stands still with its host.
  } else if (!n.pg.running || n.fenced()) {
    r.doing = Doing::monitoring;
    administrator(i);
  } else if (answers(i) && n.pg.role == Role::standby && n.pg.promoted_at == 0) {
    if (now_ < r.asks_until) wait_for_lease(i), next = 250 * ms;
    const int up = n.pg.upstream;
    const bool upstream_there = up >= 0 && sql(i, up) && at(up).pg.role == Role::primary;
    if (upstream_there && r.doing != Doing::validating) r.doing = Doing::monitoring, r.failed = 0;
    switch (r.doing) {
      case Doing::monitoring:
        if (!upstream_there) r.doing = Doing::retrying, r.failed = 1, next = interval_;
        break;
      case Doing::retrying:
        next = interval_;
        if (++r.failed >= attempts_) elect(i);
        if (r.doing == Doing::validating) next = 10 * ms;
        break;
      case Doing::waiting:
        next = interval_;
        if (now_ >= r.until) elect(i);
        break;
      case Doing::validating:
        next = 250 * ms;
        wait_for_lease(i);
        // Refused: the election is run again.
        if (r.doing == Doing::validating && now_ >= r.until) r.doing = Doing::waiting, r.until = now_ + second;
        break;
    }
  }
  plan(What::repmgrd, i, now_ + next);
}

// By what this standby sees: follow a new primary, or be the one with the longest log, or wait for who is.
void Simulation::elect(int i) {
  using Doing = Repmgrd::Doing;
  Node& n = at(i);
  Repmgrd& r = n.repmgrd;
  r.doing = Doing::waiting;
  r.until = now_ + 5 * second;
  int visible = 1, siblings = 1, best = i;
  for (int j = 0; j < count_; ++j) {
    if (j == i) continue;
    // One that has been down for a while is inactive, and does not count (M4 of docs/safety.md).
    const bool seen_as_primary = sql(i, j) && at(j).pg.role == Role::primary;
    const bool active = at(j).pg.running || now_ - at(j).pg.ended < 20 * second;
    if (j != n.pg.upstream && active && !seen_as_primary) ++siblings;
    if (!sql(i, j)) continue;
    const Postgres& other = at(j).pg;
    if (other.role == Role::primary && other.position.timeline > n.pg.position.timeline) {
      n.pg.upstream = j;
      r.doing = Doing::monitoring;
      return;
    }
    if (other.role != Role::standby) continue;
    ++visible;
    if (at(j).fenced()) continue;  // its repmgrd does not run
    const Lsn mine = at(best).pg.position.lsn;
    if (other.position.lsn > mine || (other.position.lsn == mine && j < best)) best = j;
  }
  if (2 * visible <= siblings || best != i) return;
  r.doing = Doing::validating;
  r.until = now_ + 20 * second;
  say(i, "repmgrd elects it, and asks for the lease");
}

// Starts what has ended, as it was, or as a standby of the primary; a fenced one in the latter way only, and when
// nobody is left to follow it lifts the fence.
void Simulation::administrator(int i) {
  Node& n = at(i);
  if (n.pg.running && n.pg.role == Role::standby && sql(i, std::max(n.pg.upstream, 0)) && n.pg.upstream >= 0) return;
  if (n.pg.running && (n.pg.role == Role::primary || now_ < n.pg.starting_until)) return;
  if (now_ - n.pg.ended < 6 * second || n.pg.starts_at != 0) return;
  int primary = -1, voices = 1;
  bool standby_left = false, newer = false;
  for (int j = 0; j < count_; ++j) {
    newer = newer || at(j).pg.position.timeline > n.pg.position.timeline;
    if (j == i || !sql(i, j)) continue;
    ++voices;
    if (at(j).pg.role == Role::primary && holds(j)) primary = j;
    if (at(j).pg.role == Role::standby && !at(j).fenced()) standby_left = true;
  }
  if (primary >= 0) {
    n.pg.role = Role::standby;
    n.pg.upstream = primary;
    n.pg.position = std::min(n.pg.position, at(primary).pg.position);
    if (!n.pg.running) start_postgres(i);
    return;
  }
  if (n.pg.running) return;
  if (n.pg.role == Role::standby) return start_postgres(i);
  if (now_ - n.pg.ended < 20 * second || standby_left || newer || 2 * voices <= count_) return;
  n.marker = {.state = MarkerFacts::State::none};
  start_postgres(i);
}

}  // namespace picket::simulation
