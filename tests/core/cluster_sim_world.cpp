// The world of the simulation: links, PostgreSQL and its streaming, repmgrd, the administrator, and the faults.

#include <algorithm>
#include <iostream>

#include "core/cluster_sim.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr Millis receiver_timeout{60'000};
constexpr Millis settle{30'000};  // no faults at first
}  // namespace

ClusterSim::ClusterSim(uint64_t seed, SimOptions options)
    : options_(options), random_(seed), nodes_(static_cast<size_t>(options.nodes)) {
  cut_.assign(nodes_.size(), std::vector<bool>(nodes_.size(), false));
  truth_.resize(nodes_.size());
  idle_ = random(3) == 0;
  repmgr_patience_ = Millis{5000 + random(14'000)};
  next_fault_ = begin_ + settle;
  for (int i = 0; i < options_.nodes; ++i) {
    SimNode& n = node(i);
    n.pg.role = i == 0 ? Role::primary : Role::standby;
    n.pg.upstream = i == 0 ? -1 : 0;
    n.pg.heard = begin_;
    n.repmgrd = random(8) != 0;
    n.board.self_id = i + 1;
    n.board.self_name = n.board.self_host = "pg" + std::to_string(i + 1);
    n.board.nodes_known = true;
    n.board.started = begin_;
    n.board.marker.state = MarkerFacts::State::none;
    n.board.disk.known = n.board.unit.known = true;
    n.board.disk.system_identifier = 7;
    n.probes.resize(nodes_.size());
    n.agent_wakes = begin_ + Millis{random(250)};
    for (int j = 0; j < options_.nodes; ++j)
      if (j != i) {
        const std::string name = "pg" + std::to_string(j + 1);
        n.board.peers.push_back({Node{.id = j + 1, .name = name, .host = name}, {}});
      }
  }
}

bool ClusterSim::link(int a, int b) const {
  const auto from = static_cast<size_t>(a), to = static_cast<size_t>(b);
  const bool hosts = now_ >= node(a).frozen_until && now_ >= node(b).frozen_until;
  return a == b || (hosts && !cut_[from][to] && !cut_[to][from]);
}

int ClusterSim::followers_of(int i) const {
  return static_cast<int>(std::ranges::count_if(
      nodes_, [&](const SimNode& n) { return n.pg.running && n.pg.streaming && n.pg.upstream == i; }));
}

void ClusterSim::say(int i, const std::string& text) {
  if (options_.tell)
    std::cout << static_cast<double>((now_ - begin_).count()) / 1000.0 << "s pg" << i + 1 << ": " << text << "\n";
}

void ClusterSim::draw_fault() {
  next_fault_ = later(500, 25'000);
  const int i = random(options_.nodes);
  const int j = random(options_.nodes);
  SimNode& n = node(i);
  auto set = [&](int a, int b, bool value) { cut_[static_cast<size_t>(a)][static_cast<size_t>(b)] = value; };
  switch (random(13)) {
    case 0: set(i, j, true), say(i, "cannot send to pg" + std::to_string(j + 1)); break;
    case 1: set(i, j, true), set(j, i, true), say(i, "cut from pg" + std::to_string(j + 1)); break;
    case 2:
    case 3:
      for (int k = 0; k < options_.nodes; ++k) set(i, k, k != i), set(k, i, k != i);
      say(i, "isolated");
      break;
    case 4:
    case 5:
      for (auto& row : cut_) row.assign(row.size(), false);
      say(i, "all links heal");
      break;
    case 6: stop(i), say(i, "postmaster killed"); break;
    case 7: n.pg.frozen_until = later(1000, 40'000), say(i, "PostgreSQL frozen"); break;
    case 8: n.frozen_until = later(500, 60'000), say(i, "host frozen"); break;
    case 9: n.agent_frozen_until = later(300, 40'000), say(i, "agent frozen"); break;
    case 10: {
      Memory resumed;
      resumed.state.held = n.memory.state.held;
      resumed.started_us = n.memory.started_us;
      n.memory = resumed;
      n.board.started = now_;
      n.board.server = {};
      for (Peer& p : n.board.peers) p.server = {};
      n.probes.assign(nodes_.size(), {});
      say(i, "agent restarted");
      break;
    }
    case 11: n.pg.locked_until = later(1000, 30'000), say(i, "probes locked out"); break;
    case 12:
      if (random(3) == 0 && runs(i) && n.pg.role == Role::standby) promote(i), say(i, "promoted by hand");
      break;
    default: break;
  }
}

void ClusterSim::heal() {
  for (auto& row : cut_) row.assign(row.size(), false);
  for (SimNode& n : nodes_) n.repmgrd = true;
  next_fault_ = begin_ + options_.length;
}

// The WAL receiver of node i. A link that is cut is not noticed before wal_receiver_timeout; an end that is told is.
void ClusterSim::stream(int i) {
  Postgres& pg = node(i).pg;
  if (!runs(i) || frozen(i)) return;
  if (pg.role != Role::standby || pg.upstream < 0) {
    pg.streaming = false;
    return;
  }
  const Postgres& up = node(pg.upstream).pg;
  if (!link(i, pg.upstream) || frozen(pg.upstream)) {
    if (now_ - pg.heard >= receiver_timeout) pg.streaming = false;
    return;
  }
  // A former primary whose new upstream has left its history cannot stream; the administrator rebuilds it.
  pg.streaming = runs(pg.upstream) && up.timeline >= pg.timeline;
  if (!pg.streaming) return;
  pg.timeline = up.timeline;
  if (!idle_ || now_ - pg.heard >= 30s) pg.heard = now_;
}

void ClusterSim::promote(int i) {
  Postgres& pg = node(i).pg;
  pg.role = Role::primary;
  ++pg.timeline;
  pg.upstream = -1;
  pg.streaming = false;
}

// repmgrd on a standby: after a time without its primary the lowest of those it sees wins by its own view; the others
// follow whom they see promoted.
void ClusterSim::repmgrd(int i) {
  SimNode& n = node(i);
  if (!n.repmgrd || !runs(i) || frozen(i) || n.pg.role != Role::standby) {
    n.lost_since.reset();
    return;
  }
  for (int j = 0; j < options_.nodes; ++j)
    if (j != i && reaches(i, j) && node(j).pg.role == Role::primary && node(j).pg.timeline > n.pg.timeline &&
        n.lost_since && now_ - *n.lost_since > 2s) {
      n.pg.upstream = j;
      n.lost_since.reset();
      say(i, "repmgrd follows pg" + std::to_string(j + 1));
    }
  const bool primary_there =
      n.pg.upstream >= 0 && reaches(i, n.pg.upstream) && node(n.pg.upstream).pg.role == Role::primary;
  if (primary_there) n.lost_since.reset();
  if (!primary_there && !n.lost_since) n.lost_since = now_;
  if (!n.lost_since || now_ - *n.lost_since < repmgr_patience_) return;
  int visible = 1, lowest = i, siblings = 0;
  for (int j = 0; j < options_.nodes; ++j) {
    if (j == i || j == n.pg.upstream) continue;
    // A sibling that has been down for a while is inactive, and then does not count (M4 of docs/safety.md).
    if (node(j).pg.running || now_ - node(j).pg.stopped_at < 20s) ++siblings;
    if (reaches(i, j) && node(j).pg.role == Role::standby) ++visible, lowest = std::min(lowest, j);
  }
  const bool majority = 2 * visible > siblings + 1;
  if (!majority || lowest != i) {
    if (now_ - *n.lost_since > repmgr_patience_ + 10s) n.lost_since = now_;
    return;
  }
  promote(i);
  say(i, "repmgrd promotes");
}

// Somebody restarts what was stopped, as it was; makes a fenced node a standby of the advertised primary, and later any
// standby that follows nobody.
void ClusterSim::administrator(int i) {
  SimNode& n = node(i);
  const bool fenced = n.board.marker.state != MarkerFacts::State::none;
  if (n.pg.running && (n.pg.role == Role::primary || n.pg.streaming)) return;
  if (now_ < n.frozen_until || now_ - n.pg.stopped_at < 20s) return;
  int primary = -1;
  for (int j = 0; j < options_.nodes; ++j)
    if (j != i && reaches(i, j) && advertises(j) && node(j).pg.role == Role::primary) primary = j;
  if (!fenced && !n.pg.running) {
    say(i, "started by the administrator, as it was");
    return start(i);
  }
  if (primary < 0 || (!fenced && now_ - n.pg.heard < 40s)) return;
  say(i, "rebuilt as a standby of pg" + std::to_string(primary + 1));
  n.pg.role = Role::standby;
  n.pg.upstream = primary;
  n.pg.timeline = node(primary).pg.timeline;
  n.pg.heard = now_;
  start(i);
}

void ClusterSim::start(int i) {
  Postgres& pg = node(i).pg;
  pg.running = true;
  ++pg.pid;
  pg.starting_until = later(250, 1500);
  pg.stopped_at = now_;  // and nobody touches it for a while
  pg.frozen_until = {};
}

void ClusterSim::stop(int i) {
  Postgres& pg = node(i).pg;
  pg.running = pg.streaming = false;
  pg.stopped_at = now_;
  pg.dies_at = {};
}

void ClusterSim::machinery(int i) {
  SimNode& n = node(i);
  if (now_ < n.frozen_until) return;
  if (n.pg.dies_at != Instant{} && now_ >= n.pg.dies_at) stop(i);
  if (n.starts_at != Instant{} && now_ >= n.starts_at) {
    n.starts_at = {};
    if (!n.pg.running) start(i);
  }
}

}  // namespace picket
