// Every world that three, four and five voters can reach, and that each known mistake is found. With restarts, or a
// finer time, that takes minutes: PICKET_EXPLORE=full, as `tests/run --full` sets it.

#include <gmock/gmock.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string_view>

#include "core/lease/explorer.hpp"

namespace picket::exploration {
namespace {

constexpr size_t enough = 150'000'000;

bool full() {
  const char* wanted = std::getenv("PICKET_EXPLORE");
  return wanted != nullptr && std::string_view(wanted) == "full";
}

void expect_safe(const Limits& limits) {
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

TEST(Lease, IsBrokenInAWayThatTheExplorerTells) {
  const auto story = shortest_violation(
      {.voters = 3, .terms = 2, .restarts = true, .mistake = Mistake::start_is_not_waited_for}, 1'000'000);
  EXPECT_THAT(story, testing::SizeIs(testing::Ge(5)));
  EXPECT_THAT(story, testing::Contains(testing::HasSubstr("restarts")));
}

}  // namespace
}  // namespace picket::exploration
