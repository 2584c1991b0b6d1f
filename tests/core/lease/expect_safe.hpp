#pragma once
// Goes through every world within limits, and tells how many there are.

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string_view>

#include "core/lease/explorer.hpp"

namespace picket::exploration {

constexpr size_t enough = 150'000'000;

inline bool full() {
  const char* wanted = std::getenv("PICKET_EXPLORE");
  return wanted != nullptr && std::string_view(wanted) == "full";
}

inline void expect_safe(const Limits& limits) {
  const Outcome outcome = explore(limits, enough, 97);
  std::ostringstream name;
  name << limits.voters << " voters, " << limits.candidates << " candidates, " << limits.terms << " terms, a lease of "
       << limits.lease << " ticks" << (limits.restarts ? ", restarts" : "") << (limits.late ? ", late datagrams" : "")
       << (limits.slow < 0 ? "" : ", a slow clock");
  std::cout << name.str() << ": " << outcome.worlds << " worlds, " << outcome.moves << " moves, depth " << outcome.depth
            << '\n';
  EXPECT_EQ(outcome.violation, "") << name.str();
  // A protocol under which nobody ever serves is safe too.
  EXPECT_GT(outcome.served, outcome.worlds / 50) << name.str();
  EXPECT_GT(outcome.tried, 0U);
  EXPECT_EQ(outcome.trapped, 0U) << name.str() << ": worlds from which a candidate does not come to serve";
}

}  // namespace picket::exploration
