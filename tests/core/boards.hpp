#pragma once
// The cluster as the agent of pg1 sees it, in virtual time: say what each server is and how it answers, let time pass,
// read the verdicts. Used by the tests that ask decide() itself.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/decide.hpp"
#include "core/signals.hpp"
#include "flight/model_probe.hpp"

namespace picket {

class Watcher {
 public:
  /// pg1 .. pgN, self is pg1, `primary` is the one that all others stream from. Nothing has been asked yet.
  explicit Watcher(int nodes = 3, int primary = 1);

  // What is.
  ServerFacts& facts(int node) { return truth_[node]; }
  void says(int node, Says how) { says_[node] = how; }
  void become_primary(int node, uint32_t timeline);
  /// Node streams from `upstream`, on its timeline and by both sides' word; 0: its receiver ends.
  void follow(int node, int upstream);
  /// From now on nothing arrives at the standby's receiver, which has not noticed yet.
  void deafen(int node) { deaf_since_[node] = now; }
  Peer& peer(int node) { return board.peers[static_cast<size_t>(node - 2)]; }
  void local_dead(int survivors = 0);
  /// Another postmaster runs here: new process, new start time.
  void local_new_postmaster();
  void fenced(const std::vector<std::string>& reasons, uint32_t timeline = 1);

  // What happens.
  void tick(Millis step = Millis{250});
  void run(Millis duration);
  /// Time passes and the agent does not run.
  void sleep(Millis duration) { now += duration; }
  /// A new agent that resumes what the daemon keeps in its run-time directory.
  void restart_agent();

  Policy policy;
  Board board;
  Memory memory;
  Instant now{Millis{1'000'000}};
  Verdict verdict;
  Signals signals;
  std::vector<std::string> lines;  ///< one for each verdict that differs from the one before it

 private:
  std::map<int, ServerFacts> truth_;
  std::map<int, Says> says_;
  std::map<int, Instant> deaf_since_;
  std::map<int, ModelProbe> probes_;
};

/// A cluster in which everybody was asked a moment ago and answered; for the reductions, which need no history.
struct Scene : Watcher {
  explicit Scene(int nodes = 3, int primary = 1) : Watcher(nodes, primary) { tick(); }
  Horizon horizon() const { return {now, memory.valid_from, memory.primary_since, {}}; }
  ClusterView view() const { return view_cluster(board, horizon(), policy); }
  /// The facts on the board, which change without anybody asking again.
  ServerFacts& seen(int node) { return *(node == 1 ? board.server : peer(node).server).facts; }
};

/// "R3 down fault stop_now stale primary: ..."; alarms follow after " ! ".
std::string line_of(const Verdict& verdict);

}  // namespace picket
