#pragma once
// A cluster in virtual time: one decide() per node, a model of PostgreSQL, of its streaming, of repmgrd and of an
// administrator, links that are cut in either direction, and faults drawn from a seed. Everything is deterministic: a
// seed is a story that can be told again.

#include <random>
#include <string>
#include <vector>

#include "core/boards.hpp"

namespace picket {

struct SimOptions {
  int nodes = 3;
  Millis faults_until{200'000};  ///< then everything heals
  Millis length{300'000};
  bool tell = false;  ///< print faults and verdicts
};

/// What a run showed.
struct SimReport {
  std::vector<std::string> violations;
  Millis longest_dual_seen{0};     ///< two advertised primaries that could ask each other
  Millis longest_twins_seen{0};    ///< the same, promoted at once: one timeline, and nobody who could tell them apart
  Millis longest_dual_advert{0};   ///< two advertised primaries, whoever sees whom
  Millis longest_dual_primary{0};  ///< two running primaries, advertised or not
  int stops = 0;
  int advertised_at_end = 0;
  Millis without_primary{0};  ///< time in which nobody was advertised
};

class ClusterSim {
 public:
  ClusterSim(uint64_t seed, SimOptions options);
  SimReport run();

 private:
  struct Postgres {
    bool running = true;
    Role role = Role::standby;
    uint32_t timeline = 1;
    int pid = 100;
    int upstream = -1;         ///< index of the node it streams from, -1 none
    bool streaming = false;    ///< by its own account: a receiver that was cut off believes so for a minute
    Instant heard{};           ///< last message of the upstream
    Instant starting_until{};  ///< 57P03 until then
    Instant frozen_until{};
    Instant locked_until{};  ///< nobody's probe is let in
    Instant dies_at{};       ///< the ladder has it
    Instant stopped_at{};
  };
  struct SimNode {
    Postgres pg;
    Board board;
    Memory memory;
    Verdict verdict;
    std::vector<ModelProbe> probes;
    Instant frozen_until{};  ///< the whole host
    Instant agent_frozen_until{};
    Instant agent_wakes{};              ///< its next round
    std::optional<Instant> lost_since;  ///< repmgrd: its primary does not answer
    bool repmgrd = true;
    Instant starts_at{};     ///< picket starts the unit again
    Instant saw_majority{};  ///< the truth: last moment at which a majority could answer
    Instant was_frozen{};    ///< the truth: last moment at which new connections hung
    Instant marked_at{};
    std::string last_line;
  };

  bool runs(int i) const { return node(i).pg.running && now_ >= node(i).pg.starting_until; }
  bool frozen(int i) const { return now_ < node(i).pg.frozen_until || now_ < node(i).frozen_until; }
  bool link(int a, int b) const;
  bool reaches(int a, int b) const { return link(a, b) && runs(b) && !frozen(b); }
  bool agent_runs(int i) const { return now_ >= node(i).agent_frozen_until && now_ >= node(i).frozen_until; }
  bool advertises(int i) const { return agent_runs(i) && node(i).verdict.advert == Advert::primary; }
  int followers_of(int i) const;
  SimNode& node(int i) { return nodes_[static_cast<size_t>(i)]; }
  const SimNode& node(int i) const { return nodes_[static_cast<size_t>(i)]; }
  int random(int below) { return static_cast<int>(random_() % static_cast<uint64_t>(below)); }
  Instant later(int from_ms, int to_ms) { return now_ + Millis{from_ms + random(to_ms - from_ms)}; }

  void draw_fault();
  void heal();
  void stream(int i);
  void repmgrd(int i);
  void administrator(int i);
  void machinery(int i);
  void promote(int i);
  void start(int i);
  void stop(int i);
  ServerFacts facts(int i) const;
  void observe_and_decide(int i);
  void obey(int i);
  void check_stop(int i);
  void measure();
  void say(int i, const std::string& text);

  SimOptions options_;
  std::mt19937_64 random_;
  std::vector<SimNode> nodes_;
  std::vector<std::vector<bool>> cut_;  ///< [from][to]
  std::vector<ServerFacts> truth_;
  Policy policy_;
  Instant begin_{Millis{1'000'000}}, now_{begin_}, next_fault_{};
  Millis repmgr_patience_{};
  bool idle_ = false;  ///< nobody writes: receivers hear something every thirty seconds only
  Millis dual_seen_{0}, twins_seen_{0}, dual_advert_{0}, dual_primary_{0};
  SimReport report_;
};

}  // namespace picket
