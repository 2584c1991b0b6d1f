#include "rejoin/timeline_history.hpp"

#include <gtest/gtest.h>

namespace picket {
namespace {

TEST(TimelineHistory, IsReadAsPostgreSqlWritesIt) {
  const auto history = parse_timeline_history(
      "1\t0/824370\tno recovery target specified\n\n2\t16/B374D848\tbefore 2026-11-22 00:59:04+00\n", 3);
  EXPECT_EQ(history.error, "");
  ASSERT_EQ(history.switches.size(), 2u);
  EXPECT_EQ(history.switches[0], (TimelineSwitch{1, 0x824370}));
  EXPECT_EQ(history.switches[1], (TimelineSwitch{2, 0x16B374D848}));
}

TEST(TimelineHistory, CommentsBlanksAndAMissingReasonAreAllowed) {
  const auto history = parse_timeline_history("# by hand\r\n  \t\n  4 0/10\n", 5);
  EXPECT_EQ(history.error, "");
  ASSERT_EQ(history.switches.size(), 1u);
  EXPECT_EQ(history.switches[0], (TimelineSwitch{4, 0x10}));
}

TEST(TimelineHistory, OfTimelineOneIsEmptyAndOfAnyOtherIsNot) {
  EXPECT_EQ(parse_timeline_history("", 1).error, "");
  EXPECT_EQ(parse_timeline_history("", 2).error, "00000002.history: is empty");
}

TEST(TimelineHistory, NonsenseIsNamedWithItsLineAndGivesNoHalfHistory) {
  for (const auto& [text, why] : std::vector<std::pair<std::string, std::string>>{
           {"1\t0/10\tx\nhello\n", "00000009.history:2: is no \"TIMELINE LSN REASON\""},
           {"1\t0-10\tx\n", "00000009.history:1: is no \"TIMELINE LSN REASON\""},
           {"-1\t0/10\tx\n", "00000009.history:1: is no \"TIMELINE LSN REASON\""},
           {"0\t0/10\tx\n", "00000009.history:1: is no \"TIMELINE LSN REASON\""},
           {"2\t0/10\tx\n2\t0/20\tx\n", "00000009.history:2: names timeline 2 after 2"},
           {"9\t0/10\tx\n", "00000009.history:1: names timeline 9 in the past of 9"}}) {
    const auto history = parse_timeline_history(text, 9);
    EXPECT_EQ(history.error, why);
    EXPECT_TRUE(history.switches.empty()) << text;
  }
}

TEST(TimelineHistory, TellsWhereATimelineWasLeft) {
  const TimelineHistory history{{{1, 0x100}, {3, 0x300}}, ""};
  EXPECT_EQ(left_at(history, 3), std::optional<Lsn>(0x300));
  EXPECT_EQ(left_at(history, 2), std::nullopt) << "a timeline that it was never on";
  EXPECT_EQ(left_at(history, 4), std::nullopt);
}

TEST(TimelineHistory, KnowsItsOwnBeginning) {
  const TimelineHistory newer{{{1, 0x100}, {2, 0x200}}, ""};
  EXPECT_TRUE(begins_with(newer, {}));
  EXPECT_TRUE(begins_with(newer, {{{1, 0x100}}, ""}));
  EXPECT_FALSE(begins_with(newer, {{{1, 0x108}}, ""})) << "two servers were promoted to timeline 2";
  EXPECT_FALSE(begins_with(newer, {{{1, 0x100}, {2, 0x200}, {3, 0x300}}, ""}));
}

}  // namespace
}  // namespace picket
