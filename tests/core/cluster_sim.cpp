// The agents of the simulation: what they see, decide and do, and what a run is judged by.

#include "core/cluster_sim.hpp"

#include <algorithm>
#include <iostream>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr Millis poll{250};
}  // namespace

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
  bool see_each_other = false, twins = false;
  for (int i = 0; i < options_.nodes; ++i) {
    if (runs(i) && node(i).pg.role == Role::primary && now_ >= node(i).frozen_until) ++primaries;
    if (!advertises(i)) continue;
    ++advertised;
    for (int j = 0; j < i; ++j) {
      if (!advertises(j) || !reaches(i, j) || !reaches(j, i)) continue;
      (node(i).pg.timeline == node(j).pg.timeline ? twins : see_each_other) = true;
    }
  }
  auto grow = [&](Millis& current, bool condition, Millis& longest) {
    current = condition ? current + poll / 2 : 0ms;
    longest = std::max(longest, current);
  };
  grow(dual_seen_, see_each_other, report_.longest_dual_seen);
  grow(twins_seen_, twins, report_.longest_twins_seen);
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
