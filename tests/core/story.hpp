#pragma once
// How many stories begin, and what befalls them.

#include <gtest/gtest.h>

#include "core/boards.hpp"

namespace picket {

/// pg1 is the confirmed primary of healthy nodes.
inline Watcher healthy(int nodes = 3) {
  Watcher w(nodes);
  w.run(Millis{5000});
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  w.lines.clear();
  return w;
}

/// pg2 was promoted, and everybody else follows it.
inline void fail_over_to_pg2(Watcher& w) {
  w.become_primary(2, 2);
  for (size_t i = 1; i < w.board.peers.size(); ++i) w.follow(static_cast<int>(i) + 2, 2);
}

inline void cut_off(Watcher& w) {
  for (size_t i = 0; i < w.board.peers.size(); ++i) w.says(static_cast<int>(i) + 2, Says::silent);
}

}  // namespace picket
