// A primary that nobody has confirmed, or that is one beside another: not advertised before a majority has shown that
// it may be, and not stopped for that alone.

#include <gmock/gmock.h>

#include "core/story.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;
using testing::Not;

TEST(SecondPrimary, DoesNotComeBackWhenTheFollowerDiesThatProvedTheFirst) {
  Watcher w = healthy();
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R3c);
  w.says(3, Says::refused);
  w.facts(2).followers.clear();
  w.run(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
}

TEST(UnconfirmedPrimary, IsNotAdvertisedBesideAnotherForFollowersThatOnlyItsListNames) {
  // The walsender of a standby that was cut away stays for a minute.
  Watcher w = healthy();
  w.says(3, Says::silent);
  w.sleep(10s);
  w.become_primary(2, 2);
  w.run(10s);
  EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
}

TEST(UnconfirmedPrimary, OnTheSameTimelineAsOneOutOfSightThatOthersFollowIsNotAdvertised) {
  // Two standbys were promoted at once, and each calls its timeline 2.
  Watcher w(5, 4);
  w.run(5s);
  w.says(2, Says::silent), w.says(4, Says::silent);
  w.become_primary(2, 2);
  w.follow(3, 2), w.follow(5, 2);
  w.become_primary(1, 2);
  w.run(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.action, Action::none);
}

TEST(NewPrimary, IsNotFencedByAStandbyThatHasNotFollowedYet) {
  Watcher w(3, 2);
  w.run(5s);
  w.says(2, Says::silent);
  w.deafen(3);
  w.run(5s);
  w.become_primary(1, 2);  // pg3's receiver still waits for pg2, on the old timeline
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R6);
  w.follow(3, 1);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  for (const auto& line : w.lines) EXPECT_THAT(line, testing::Not(HasSubstr("stop")));
}

TEST(PromotedByHand, IsNotAdvertisedInAnIdleClusterWhoseStandbyStreamsFromAPrimaryOutOfSight) {
  Watcher w(3, 2);
  w.run(5s);
  w.says(2, Says::silent);
  w.facts(3).receiver->status = "streaming";
  w.deafen(3);
  w.run(25s);  // idle for 25 s, and alive
  w.become_primary(1, 2);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
}

TEST(AnotherPostmaster, BeginsUnconfirmedAlsoWhenTheAgentWasAwayMeanwhile) {
  Watcher w = healthy();
  w.local_new_postmaster();
  w.says(1, Says::locked_out);  // its start time cannot be read
  w.run(1s);
  EXPECT_FALSE(w.memory.state.held);
}

TEST(AnotherPostmaster, IsNotStoppedForIsolationBecauseTheLastOneWasConfirmed) {
  Watcher w = healthy();
  w.restart_agent();
  w.local_new_postmaster();  // while no agent looked
  cut_off(w);
  w.run(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
}

TEST(UnconfirmedPrimary, IsNotAdvertisedWhenAMajorityAnswersAndTellsNothing) {
  for (const Says how : {Says::locked_out, Says::starting, Says::full}) {
    Watcher w(3);
    w.facts(1).followers.clear();
    w.says(2, how), w.says(3, how);
    w.run(30s);
    EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
  }
}

// What the others said before this server began says nothing of who was promoted since.
TEST(UnconfirmedPrimary, IsNotAdvertisedOnWhatTheOthersSaidBeforeItStarted) {
  Watcher w;
  w.run(5s);
  w.local_dead();
  w.run(1s);
  w.says(2, Says::silent);
  w.says(3, Says::silent);
  w.local_new_postmaster();
  w.says(1, Says::ok);
  w.lines.clear();
  w.run(500ms);
  EXPECT_EQ(w.signals.majority, Majority::fresh) << "the others seem to be there";
  EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
  w.run(5s);
  for (const auto& line : w.lines) EXPECT_THAT(line, Not(HasSubstr("R1"))) << line;
}

TEST(UnconfirmedPrimary, IsAdvertisedWhenAMajorityStreamsFromIt) {
  Watcher w(3);
  w.says(2, Says::locked_out), w.says(3, Says::locked_out);
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R1) << line_of(w.verdict);
}

TEST(UnconfirmedPrimary, WithOtherDataThanTheVisiblePrimaryIsNotAdvertised) {
  // Two data nodes and a witness: no majority shares any system identifier.
  Watcher w(3);
  w.peer(3).node.type = Node::Type::witness;
  w.become_primary(3, 1), w.facts(3).system_identifier = 99;
  w.become_primary(2, 1);
  w.facts(1).followers.clear();
  w.facts(1).system_identifier = 42;
  w.run(30s);
  EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.action, Action::none);
}

}  // namespace
}  // namespace picket
