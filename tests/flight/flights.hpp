#pragma once
// Records to test with: nights in virtual time, drawn from a seed.

#include <random>
#include <string>
#include <vector>

#include "core/boards.hpp"
#include "flight/record.hpp"

namespace picket {

/// One decision of pg1 and all that went into it.
inline FlightRecord record_of(const Memory& before, const Watcher& w) {
  FlightRecord record;
  record.wall_ms = 1'795'309'200'000 + w.now.time_since_epoch().count();
  record.boot_id = "boot";
  record.version = "test";
  record.before = before;
  record.board = w.board;
  record.now = w.now;
  record.policy = w.policy;
  record.verdict = w.verdict;
  return record;
}

/// Something befalls the cluster that pg1 watches.
inline void befall(Watcher& w, std::mt19937_64& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint64_t>(n)); };
  const int node = 1 + below(3);
  switch (below(8)) {
    case 0:
      if (node > 1) w.become_primary(node, static_cast<uint32_t>(2 + below(3)));
      break;
    case 1:
      if (node > 1) w.follow(node, 1 + below(3) % node);
      break;
    case 2: w.local_dead(below(2)); break;
    case 3: w.local_new_postmaster(), w.says(1, Says::ok), w.become_primary(1, 1); break;
    case 4: w.fenced({below(2) ? "isolated" : "stale"}); break;
    case 5: w.board.marker.state = MarkerFacts::State::none; break;
    default: w.says(node, static_cast<Says>(below(10))); break;
  }
}

/// Every decision of a night.
inline std::vector<FlightRecord> night(uint64_t seed, int ticks) {
  std::mt19937_64 random(seed);
  Watcher w(3);
  std::vector<FlightRecord> records;
  for (int i = 0; i < ticks; ++i) {
    if (random() % 10 == 0) befall(w, random);
    const Memory before = w.memory;
    w.tick(Millis{250});
    records.push_back(record_of(before, w));
  }
  return records;
}

}  // namespace picket
