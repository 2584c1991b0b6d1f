// What the agent makes of a start that the gate refused: it goes on asking the same table, and acts when that says so.

#include <gmock/gmock.h>

#include "core/boards.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using testing::Contains;
using testing::HasSubstr;

/// pg1 was the primary, booted, and its start was refused: nobody answered. Nobody does yet.
Watcher refused() {
  Watcher w;
  w.local_dead();
  for (int id : {2, 3}) w.says(id, Says::silent);
  w.board.disk = {.known = true, .system_identifier = w.facts(1).system_identifier, .checkpoint_timeline = 1};
  w.board.marker.state = MarkerFacts::State::none;
  w.board.unit = {.known = true, .name = "postgresql@15-main.service", .active_state = "failed"};
  w.board.start_refused = StartRefusal{"B5", "asked 2 nodes"};
  w.run(10s);
  return w;
}

void answer(Watcher& w) {
  for (int id : {2, 3}) w.says(id, Says::ok);
}

TEST(RefusedStart, IsAnAlarmAndNothingMoreWhileNobodyAnswers) {
  Watcher w = refused();
  w.run(300s);
  EXPECT_EQ(w.verdict.rule, Rule::R10) << line_of(w.verdict);
  EXPECT_THAT(w.verdict.alarms, Contains("start refused (B5): asked 2 nodes"));
}

TEST(RefusedStart, IsMadeGoodWhenAMajorityHasShownLongEnoughThatNobodyWasPromoted) {
  Watcher w = refused();
  answer(w);
  w.run(w.policy.return_stable);
  EXPECT_EQ(w.verdict.action, Action::none) << line_of(w.verdict);
  w.run(1500ms);
  EXPECT_EQ(w.verdict.rule, Rule::B3) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.action, Action::start);
  EXPECT_FALSE(w.verdict.clear_marker);
}

TEST(RefusedStart, OfAStalePrimaryIsNeverMadeGoodAndIsMarked) {
  Watcher w = refused();
  w.become_primary(2, 2);
  w.follow(3, 2);
  answer(w);
  w.run(30s);
  EXPECT_EQ(w.verdict.action, Action::none) << line_of(w.verdict);
  EXPECT_THAT(w.verdict.stale_start, HasSubstr("pg2 is primary on timeline 2 and is followed by pg3"));
  // Once it is marked, the marker says it.
  w.fenced({"stale"});
  w.run(1s);
  EXPECT_EQ(w.verdict.rule, Rule::R2h);
  EXPECT_EQ(w.verdict.stale_start, "");
}

TEST(RefusedStart, IsNotTakenUpWhereSomebodyElseDecides) {
  const auto never_starts = [](const char* what, auto&& change) {
    Watcher w = refused();
    change(w);
    answer(w);
    w.run(30s);
    EXPECT_EQ(w.verdict.action, Action::none) << what << ": " << line_of(w.verdict);
  };
  never_starts("no refusal", [](Watcher& w) { w.board.start_refused.reset(); });
  never_starts("a start is under way", [](Watcher& w) { w.board.unit.job = "start"; });
  never_starts("the unit is starting", [](Watcher& w) { w.board.unit.active_state = "activating"; });
  never_starts("the unit cannot be seen", [](Watcher& w) { w.board.unit.known = false; });
  never_starts("it became a standby", [](Watcher& w) { w.board.disk.standby_signal = true; });
  never_starts("a backup", [](Watcher& w) { w.board.disk.backup_label = true; });
  never_starts("fenced by an operator", [](Watcher& w) { w.fenced({"operator"}); });
  never_starts("the disk cannot be read", [](Watcher& w) { w.board.disk.known = false; });
  never_starts("a fence climbs", [](Watcher& w) { w.board.fence_in_progress = true; });
  never_starts("a rogue primary", [](Watcher& w) { w.become_primary(2, 2); });
}

TEST(RefusedStart, SaysNothingAboutAServerThatRuns) {
  Watcher w;
  w.run(5s);
  w.board.start_refused = StartRefusal{"B5", "asked 2 nodes"};
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R1) << line_of(w.verdict);
  EXPECT_TRUE(w.verdict.alarms.empty());
}

}  // namespace
}  // namespace picket
