// Every world that the voters can reach where requests, heartbeats and releases arrive at any later moment, in any
// order and any number of times, and that the mistakes which only that shows are found. Apart from explore_test.cpp so
// that the two run side by side.

#include <gmock/gmock.h>

#include "core/lease/expect_safe.hpp"

namespace picket::exploration {
namespace {

TEST(Lease, HasOneHolderInEveryWorldOfLateDatagrams) {
  expect_safe({.voters = 3, .terms = 3, .late = true});
  expect_safe({.voters = 3, .candidates = 3, .terms = 2, .late = true});
  expect_safe({.voters = 4, .terms = 2, .late = true});
  expect_safe({.voters = 3, .terms = 2, .restarts = true, .late = true, .slow = 0});
}

TEST(Lease, HasOneHolderInEveryWorldOfLateDatagramsRestartsAndASlowClock) {
  if (!full()) GTEST_SKIP() << "PICKET_EXPLORE=full runs it";
  expect_safe({.voters = 3, .terms = 3, .restarts = true, .late = true, .slow = 0});
  expect_safe({.voters = 4, .terms = 2, .restarts = true, .late = true, .slow = 0});
  expect_safe({.voters = 3, .terms = 3, .late = true, .lease = 3, .slow = 0});
  expect_safe({.voters = 3, .terms = 4, .late = true});
  expect_safe({.voters = 3, .candidates = 3, .terms = 3, .late = true});
  expect_safe({.voters = 4, .terms = 3, .late = true});
  expect_safe({.voters = 5, .terms = 2, .late = true});
}

/// What would not be seen if datagrams arrived at once or never.
class LateMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(LateMistakes, AreFoundWhereDatagramsAreLate) {
  Limits limits{.voters = 3, .terms = 3, .mistake = GetParam()};
  EXPECT_EQ(explore(limits, 5'000'000).violation, "");
  limits.late = true;
  EXPECT_THAT(explore(limits, 50'000'000).violation, testing::AnyOf("at most one serves", "a term has one holder"));
}

INSTANTIATE_TEST_SUITE_P(EachKnown, LateMistakes,
                         testing::Values(Mistake::older_request_lowers_promise, Mistake::older_answers_count,
                                         Mistake::release_frees_newer_terms));

}  // namespace
}  // namespace picket::exploration
