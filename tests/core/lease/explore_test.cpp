// Every world that three voters can reach, and that each known mistake is found. Four and five voters take minutes:
// PICKET_EXPLORE=full, as `tests/run --full` sets it.

#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "core/lease/explorer.hpp"

namespace picket::exploration {
namespace {

constexpr size_t enough = 150'000'000;

bool full() {
  const char* wanted = std::getenv("PICKET_EXPLORE");
  return wanted != nullptr && std::string_view(wanted) == "full";
}

void expect_safe(const Limits& limits, const std::string& name) {
  const Outcome outcome = explore(limits, enough, 97);
  std::cout << name << ": " << outcome.worlds << " worlds, " << outcome.moves << " moves, depth " << outcome.depth
            << '\n';
  EXPECT_EQ(outcome.violation, "") << name;
  // A protocol under which nobody ever serves is safe too.
  EXPECT_GT(outcome.served, outcome.worlds / 50) << name;
  EXPECT_GT(outcome.tried, 0U);
  EXPECT_EQ(outcome.trapped, 0U) << name << ": worlds from which a candidate does not come to serve";
}

TEST(Lease, HasOneHolderInEveryWorldOfThreeVoters) {
  expect_safe({.voters = 3, .candidates = 2, .terms = 2, .restarts = 0}, "3 voters");
  expect_safe({.voters = 3, .candidates = 2, .terms = 2, .restarts = 0, .slow = 0}, "3 voters, a slow clock");
}

TEST(Lease, HasOneHolderInEveryWorldWithARestart) {
  if (!full()) GTEST_SKIP() << "PICKET_EXPLORE=full runs it";
  expect_safe({.voters = 3, .candidates = 2, .terms = 2, .restarts = 1, .slow = 0},
              "3 voters, a restart, a slow clock");
}

TEST(Lease, HasOneHolderInEveryWorldOfMoreVoters) {
  if (!full()) GTEST_SKIP() << "PICKET_EXPLORE=full runs it";
  expect_safe({.voters = 4, .candidates = 2, .terms = 2, .restarts = 0}, "4 voters");
  expect_safe({.voters = 5, .candidates = 2, .terms = 2, .restarts = 0}, "5 voters");
}

TEST(Lease, IsBrokenByEachKnownMistakeAndTheExplorerTellsHow) {
  for (const Mistake mistake :
       {Mistake::lease_counts_from_receipt, Mistake::promise_forgotten, Mistake::start_is_not_waited_for,
        Mistake::acknowledges_after_granting, Mistake::grants_one_tick_early, Mistake::older_lease_forgotten}) {
    const Limits limits{.voters = 3, .candidates = 2, .terms = 2, .restarts = 1, .slow = 0, .mistake = mistake};
    const Outcome outcome = explore(limits, 5'000'000);
    EXPECT_THAT(outcome.violation, testing::AnyOf("at most one serves", "a term has one holder"))
        << static_cast<int>(mistake);
  }
  const auto story = shortest_violation(
      {.voters = 3, .candidates = 2, .terms = 2, .restarts = 1, .mistake = Mistake::start_is_not_waited_for},
      1'000'000);
  EXPECT_THAT(story, testing::SizeIs(testing::Ge(5)));
  EXPECT_THAT(story, testing::Contains(testing::HasSubstr("restarts")));
}

}  // namespace
}  // namespace picket::exploration
