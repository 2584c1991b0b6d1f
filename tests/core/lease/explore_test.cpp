// Every world that three, four and five voters can reach where datagrams arrive at once or never, and that each known
// mistake is found. With restarts, or a finer time, that takes minutes: PICKET_EXPLORE=full, as `tests/run --full` sets
// it.

#include <gmock/gmock.h>

#include "core/lease/expect_safe.hpp"

namespace picket::exploration {
namespace {

TEST(Lease, HasOneHolderInEveryWorldOfThreeVoters) {
  expect_safe({.voters = 3, .terms = 3});
  expect_safe({.voters = 3, .terms = 2, .restarts = true, .slow = 0});
}

TEST(Lease, HasOneHolderInEveryWorldOfFourAndFiveVoters) {
  expect_safe({.voters = 4, .terms = 3});
  expect_safe({.voters = 5, .terms = 3});
}

TEST(Lease, HasOneHolderInEveryWorldOfThreeThatAllMayHoldIt) {
  expect_safe({.voters = 3, .candidates = 3, .terms = 3});
}

TEST(Lease, HasOneHolderInEveryWorldWithRestartsAndASlowClock) {
  if (!full()) GTEST_SKIP() << "PICKET_EXPLORE=full runs it";
  expect_safe({.voters = 3, .terms = 4, .restarts = true, .slow = 0});
  expect_safe({.voters = 4, .terms = 3, .restarts = true, .slow = 0});
  expect_safe({.voters = 5, .terms = 3, .restarts = true, .slow = 0});
}

TEST(Lease, HasOneHolderInEveryWorldOfFinerTime) {
  if (!full()) GTEST_SKIP() << "PICKET_EXPLORE=full runs it";
  expect_safe({.voters = 3, .terms = 3, .restarts = true, .lease = 3, .slow = 0});
  expect_safe({.voters = 4, .candidates = 3, .terms = 3, .lease = 3});
  expect_safe({.voters = 5, .terms = 4, .lease = 3});
}

/// What it takes to show that one is wrong; two of them harm no three voters.
Limits limits_for(Mistake mistake) {
  if (mistake == Mistake::acknowledges_older_terms) return {.voters = 5, .terms = 3, .mistake = mistake};
  if (mistake == Mistake::keeps_older_acknowledgements)
    return {.voters = 5, .terms = 4, .lease = 3, .mistake = mistake};
  return {.voters = 3, .terms = 2, .restarts = true, .slow = 0, .mistake = mistake};
}

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreFound) {
  EXPECT_THAT(explore(limits_for(GetParam()), 5'000'000).violation,
              testing::AnyOf("at most one serves", "a term has one holder"));
}

INSTANTIATE_TEST_SUITE_P(EachKnown, Mistakes,
                         testing::Values(Mistake::lease_counts_from_receipt, Mistake::promise_forgotten,
                                         Mistake::start_is_not_waited_for, Mistake::acknowledges_after_granting,
                                         Mistake::grants_one_tick_early, Mistake::acknowledges_older_terms,
                                         Mistake::keeps_older_acknowledgements, Mistake::older_lease_forgotten));

TEST(Lease, IsBrokenInAWayThatTheExplorerTells) {
  const auto story = shortest_violation(
      {.voters = 3, .terms = 2, .restarts = true, .mistake = Mistake::start_is_not_waited_for}, 1'000'000);
  EXPECT_THAT(story, testing::SizeIs(testing::Ge(5)));
  EXPECT_THAT(story, testing::Contains(testing::HasSubstr("restarts")));
}

}  // namespace
}  // namespace picket::exploration
