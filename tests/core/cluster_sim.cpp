#include "core/cluster_sim.hpp"

#include <algorithm>
#include <iostream>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr Millis poll{250};
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

ServerFacts ClusterSim::facts(int i) const {
  const Postgres& pg = node(i).pg;
  ServerFacts f;
  f.role = pg.role;
  f.timeline = pg.timeline;
  f.system_identifier = 7;
  f.started_us = pg.pid;
  if (pg.role == Role::standby && pg.streaming)
    f.receiver = Receiver{.status = "streaming",
                          .sender_host = "pg" + std::to_string(pg.upstream + 1),
                          .sender_port = 5432,
                          .timeline = pg.timeline,
                          .message_age = now_ - pg.heard};
  for (int j = 0; j < options_.nodes; ++j)
    if (const Postgres& other = node(j).pg; j != i && other.running && other.streaming && other.upstream == i)
      f.followers.push_back({.application_name = "pg" + std::to_string(j + 1), .state = "streaming"});
  return f;
}

void ClusterSim::observe_and_decide(int i) {
  SimNode& n = node(i);
  auto says = [&](int j) {
    const Postgres& pg = node(j).pg;
    if (!link(i, j)) return Says::silent;
    if (!pg.running) return Says::refused;
    if (frozen(j)) return Says::silent;
    if (now_ < pg.starting_until) return Says::starting;
    return now_ < pg.locked_until ? Says::locked_out : Says::ok;
  };
  size_t k = 0;
  for (int j = 0; j < options_.nodes; ++j) {
    ServerView& view = j == i ? n.board.server : n.board.peers[k++].server;
    n.probes[static_cast<size_t>(j)].step(view, says(j), truth_[static_cast<size_t>(j)], now_);
  }
  using Process = PostmasterFacts::Process;
  n.board.postmaster.process = n.pg.running ? Process::alive : Process::absent;
  n.board.postmaster.pid = n.pg.running ? n.pg.pid : 0;
  n.board.postmaster.status = now_ < n.pg.starting_until ? "starting" : "ready";
  n.board.fence_in_progress = n.pg.dies_at != Instant{};
  Step step = decide(n.memory, n.board, now_, policy_);
  n.memory = std::move(step.memory);
  n.verdict = std::move(step.verdict);
  if (options_.tell && line_of(n.verdict) != n.last_line) say(i, n.last_line = line_of(n.verdict));
}

// What a stop must have been preceded by, in truth and not only in the eyes of the agent.
void ClusterSim::check_stop(int i) {
  const SimNode& n = node(i);
  const Verdict& v = n.verdict;
  if (v.action != Action::stop_fast && v.action != Action::stop_now) return;
  ++report_.stops;
  auto fail = [&](const std::string& why) {
    report_.violations.push_back(std::to_string((now_ - begin_).count()) + " ms pg" + std::to_string(i + 1) + " " +
                                 why + ": " + line_of(v));
  };
  if (n.pg.running && n.pg.role != Role::primary) fail("a standby is stopped");
  switch (v.rule) {
    case Rule::R2:
      if (n.board.marker.state == MarkerFacts::State::none) fail("stopped for a marker that is not there");
      break;
    case Rule::R3: {
      bool somebody = false;
      for (int j = 0; j < options_.nodes; ++j) somebody |= j != i && 2 * (1 + followers_of(j)) > options_.nodes;
      if (!somebody && now_ - n.marked_at > 5s) fail("stopped as stale, and nobody else has a majority");
      if (2 * (1 + followers_of(i)) > options_.nodes) fail("stopped as stale with a majority of followers");
      break;
    }
    case Rule::R4:
      if (now_ - n.saw_majority < policy_.isolation_timeout - 1250ms)
        fail("stopped as isolated with a majority in reach");
      break;
    case Rule::R7:
      if (now_ - n.was_frozen > 1500ms) fail("stopped as hung, and it was not");
      break;
    default: fail("stopped by another rule");
  }
}

void ClusterSim::obey(int i) {
  SimNode& n = node(i);
  const Verdict& v = n.verdict;
  if (v.clear_marker) n.board.marker = {.state = MarkerFacts::State::none};
  if (v.reason != FenceReason::none) {
    MarkerFacts& marker = n.board.marker;
    const std::string reason{word(v.reason)};
    if (marker.state != MarkerFacts::State::fenced) {
      marker = {.state = MarkerFacts::State::fenced, .timeline = v.timeline};
      n.marked_at = now_;
    }
    if (std::ranges::find(marker.reasons, reason) == marker.reasons.end()) marker.reasons.push_back(reason);
  }
  const bool stops = v.action == Action::stop_fast || v.action == Action::stop_now;
  if (stops && n.pg.running && n.pg.dies_at == Instant{})
    n.pg.dies_at = now_ + (v.action == Action::stop_fast ? 1500ms : 500ms);
  if (v.action == Action::start && n.starts_at == Instant{}) n.starts_at = now_ + 500ms;
}

void ClusterSim::measure() {
  int advertised = 0, primaries = 0;
  bool see_each_other = false;
  for (int i = 0; i < options_.nodes; ++i) {
    if (runs(i) && node(i).pg.role == Role::primary && now_ >= node(i).frozen_until) ++primaries;
    if (!advertises(i)) continue;
    ++advertised;
    for (int j = 0; j < i; ++j) see_each_other |= advertises(j) && reaches(i, j) && reaches(j, i);
  }
  auto grow = [&](Millis& current, bool condition, Millis& longest) {
    current = condition ? current + poll / 2 : 0ms;
    longest = std::max(longest, current);
  };
  grow(dual_seen_, see_each_other, report_.longest_dual_seen);
  grow(dual_advert_, advertised > 1, report_.longest_dual_advert);
  grow(dual_primary_, primaries > 1, report_.longest_dual_primary);
  if (advertised == 0) report_.without_primary += poll / 2;
  report_.advertised_at_end = advertised;
}

SimReport ClusterSim::run() {
  bool healed = false;
  for (now_ = begin_ + poll / 2; now_ < begin_ + options_.length; now_ += poll / 2) {
    if (!healed && now_ >= begin_ + options_.faults_until) heal(), healed = true;
    if (now_ >= next_fault_) draw_fault();
    for (int i = 0; i < options_.nodes; ++i) machinery(i), stream(i), repmgrd(i), administrator(i);
    for (int i = 0; i < options_.nodes; ++i) {
      truth_[static_cast<size_t>(i)] = facts(i);
      int answering = 1;
      for (int j = 0; j < options_.nodes; ++j)
        if (j != i && link(i, j) && node(j).pg.running && !frozen(j)) ++answering;
      if (2 * answering > options_.nodes) node(i).saw_majority = now_;
      if (frozen(i)) node(i).was_frozen = now_;
    }
    for (int i = 0; i < options_.nodes; ++i) {
      SimNode& n = node(i);
      if (!agent_runs(i) || now_ < n.agent_wakes) continue;
      n.agent_wakes = now_ + poll;
      observe_and_decide(i);
      check_stop(i);
      obey(i);
    }
    measure();
  }
  return std::move(report_);
}

}  // namespace picket
