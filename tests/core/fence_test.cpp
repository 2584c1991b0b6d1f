// How a fence is ordered while it is carried out, and how it ends.

#include <gmock/gmock.h>

#include "core/story.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Fence, IsOrderedInTheSameWordsWhileItIsInProgress) {
  Watcher w = healthy();
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.run(1s);
  EXPECT_EQ(w.verdict.action, Action::stop_now);
  w.lines.clear();
  w.board.fence_in_progress = true;
  w.run(2s);
  EXPECT_THAT(w.lines, ElementsAre(HasSubstr("R3 down fault stop_now")));
}

TEST(Fence, IsNotMadeHarderByItsOwnMarker) {
  Watcher w = healthy(5);
  w.become_primary(2, 2);
  w.follow(3, 2), w.follow(4, 2);  // pg5 still listens to pg1
  w.run(3s);
  EXPECT_EQ(w.verdict.action, Action::stop_fast);
  w.fenced({"stale"});
  w.says(1, Says::stopping);
  w.board.postmaster.status = "stopping";
  w.tick();
  EXPECT_EQ(w.verdict.action, Action::stop_fast) << line_of(w.verdict);
}

TEST(Fence, DoesNotStartAServerThatIsStillBeingStopped) {
  for (const bool could_look : {true, false}) {
    Watcher w = healthy();
    w.local_dead();
    w.fenced({"isolated"});
    if (could_look) w.board.fence_in_progress = true;
    if (!could_look) w.board.postmaster.survivors = -1;
    w.run(30s);
    EXPECT_EQ(w.verdict.rule, Rule::R2h) << line_of(w.verdict);
  }
}

TEST(Fence, OrderedByAnOperatorEndsByAnOperator) {
  Watcher w(3, 2);
  w.fenced({"operator"});
  w.run(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R12);
  EXPECT_FALSE(w.verdict.clear_marker);
}

}  // namespace
}  // namespace picket
