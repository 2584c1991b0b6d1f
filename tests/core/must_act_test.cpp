// The other side of must_not_act_test.cpp: what may not be missed. A primary that is stale and goes on, or that is
// advertised beside another, loses data.

#include <gmock/gmock.h>

#include "core/boards.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;
using testing::Not;

Watcher healthy(int nodes = 3) {
  Watcher w(nodes);
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  w.lines.clear();
  return w;
}

/// pg2 was promoted, and everybody else follows it.
void fail_over_to_pg2(Watcher& w) {
  w.become_primary(2, 2);
  for (size_t i = 1; i < w.board.peers.size(); ++i) w.follow(static_cast<int>(i) + 2, 2);
}

void cut_off(Watcher& w) {
  for (size_t i = 0; i < w.board.peers.size(); ++i) w.says(static_cast<int>(i) + 2, Says::silent);
}

TEST(StalePrimary, IsWithdrawnAtTheFirstLookAndStoppedAfterTheSecond) {
  Watcher w = healthy();
  fail_over_to_pg2(w);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R3c);
  w.run(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R3);
  EXPECT_EQ(w.verdict.action, Action::stop_now);
  EXPECT_EQ(w.verdict.reason, FenceReason::stale);
}

TEST(StalePrimary, IsStoppedWhenItsProbeHasBeenLockedOutForLong) {
  Watcher w = healthy();
  w.says(1, Says::locked_out);
  w.run(3600s);
  fail_over_to_pg2(w);
  w.run(1s);
  EXPECT_EQ(w.verdict.rule, Rule::R3) << line_of(w.verdict);
}

TEST(StalePrimary, IsStoppedInAnIdleCluster) {
  // A primary without writes sends nothing; the receiver asks for a sign of life after half of wal_receiver_timeout (60
  // s): measured, the age of the last message walks from 0 to 30 s and back.
  Watcher w = healthy();
  fail_over_to_pg2(w);
  w.deafen(3);
  w.sleep(30s);
  w.run(1500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R3) << line_of(w.verdict);
}

TEST(StalePrimary, IsStoppedWhenTheStandbyWasClonedUnderAnotherNameOfTheNewPrimary) {
  Watcher w = healthy();
  fail_over_to_pg2(w);
  w.facts(3).receiver->sender_host = "10.0.0.2";  // repmgr.nodes says pg2
  w.run(1500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R3) << line_of(w.verdict);
}

TEST(StalePrimary, IsStoppedWhenOnlyTheStandbyCanBeSeenThatFollowsTheNewPrimary) {
  // M5 of docs/safety.md: pg1 and pg2 cannot see each other, pg3 sees both, pg2 was promoted and pg3 follows it.
  Watcher w = healthy();
  w.says(2, Says::silent);
  fail_over_to_pg2(w);
  w.run(2500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R3) << line_of(w.verdict);
  EXPECT_THAT(w.verdict.sentence, HasSubstr("pg3 follows pg2, which does not answer, on timeline 2"));
}

TEST(StalePrimary, IsNotProvenByOneStandbyOfFiveThatFollowsSomeoneUnseen) {
  Watcher w = healthy(5);
  w.says(2, Says::silent);
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.run(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  w.follow(4, 2);
  w.run(2500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R3) << line_of(w.verdict);
}

TEST(StalePrimary, IsStoppedWhenAMajorityGoesOnStreamingFromAnOlderPrimaryOutOfSight) {
  // pg1 was promoted while pg2 and pg3 were away. They are back: pg3 streams from pg2, and pg1 cannot see pg2.
  Watcher w(3, 2);
  w.run(5s);
  w.says(2, Says::silent);
  w.follow(3, 0);
  w.run(20s);
  w.become_primary(1, 2);
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  w.follow(3, 2);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R3c) << line_of(w.verdict);
  w.run(5250ms);
  EXPECT_EQ(w.verdict.rule, Rule::R3) << line_of(w.verdict);
}

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

TEST(AgentThatBeginsLate, TakesTheTimeBeforeItsFirstRoundForAGap) {
  Watcher w = healthy();
  w.restart_agent();
  w.sleep(10s);  // stalled between its start and its first round
  cut_off(w);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R0b) << line_of(w.verdict);
  w.run(3s);
  EXPECT_EQ(w.verdict.action, Action::none) << line_of(w.verdict);
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

TEST(IsolatedPrimary, IsStoppedAfterTheBound) {
  Watcher w = healthy();
  cut_off(w);
  w.run(3750ms);
  EXPECT_EQ(w.verdict.rule, Rule::R5);
  EXPECT_EQ(w.verdict.advert, Advert::primary);
  w.run(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R4);
  EXPECT_EQ(w.verdict.reason, FenceReason::isolated);
}

TEST(IsolatedPrimary, IsStoppedWhenItsProbeHasBeenLockedOutForLong) {
  Watcher w = healthy();
  w.says(1, Says::locked_out);
  w.run(60s);
  cut_off(w);
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R4) << line_of(w.verdict);
}

TEST(IsolatedPrimary, IsStoppedAfterACrashOfABackendToo) {
  Watcher w = healthy();
  cut_off(w);
  w.run(2s);
  w.says(1, Says::starting);  // the same postmaster recovers
  w.run(1s);
  w.says(1, Says::ok);
  w.run(2s);
  EXPECT_EQ(w.verdict.rule, Rule::R4) << line_of(w.verdict);
}

TEST(IsolatedPrimary, IsStoppedWhileASmartShutdownLetsItsSessionsGoOn) {
  Watcher w = healthy();
  w.says(1, Says::stopping);
  w.board.postmaster.status = "stopping";
  cut_off(w);
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R4) << line_of(w.verdict);
}

TEST(FrozenServer, IsStoppedWheneverTheFreezeBegins) {
  // The fresh connection looks every two seconds: the freeze may begin at any moment between two looks.
  for (Millis phase{0}; phase < Millis{2000}; phase += Millis{125}) {
    Watcher w = healthy();
    w.run(phase);
    w.tick(Millis{phase.count() % 250});
    w.says(1, Says::silent);
    bool stopped = false;
    for (int i = 0; i < 40 && !stopped; ++i) {
      w.tick();
      stopped = w.verdict.rule == Rule::R7;
    }
    EXPECT_TRUE(stopped) << "phase " << phase.count() << " ms: " << line_of(w.verdict);
  }
}

TEST(FrozenServer, StandsStillAsLongAsItIsFrozen) {
  Watcher w = healthy();
  w.says(1, Says::silent);
  w.run(7s);
  ASSERT_EQ(w.verdict.rule, Rule::R7);
  w.lines.clear();
  w.run(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R7);
  EXPECT_EQ(w.lines.size(), 1U);
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

TEST(FencedPrimary, IsStoppedByItsFilesWhenItLetsNobodyIn) {
  // An agent that has just started and is locked out: the role was never told.
  Watcher w;
  w.fenced({"stale"});
  w.says(1, Says::locked_out);
  w.board.postmaster.status = "ready";
  w.board.disk.known = true;
  w.board.disk.control_state = "in production";
  w.run(2s);
  EXPECT_EQ(w.verdict.rule, Rule::R2) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.action, Action::stop_now);
}

TEST(FencedStandby, IsNotTakenForAPrimaryByItsFiles) {
  Watcher w(3, 2);
  w.fenced({"stale"});
  w.says(1, Says::locked_out);
  w.board.postmaster.status = "ready";
  w.board.disk.known = true;
  w.board.disk.control_state = "in production";  // as a crashed primary left it
  w.board.disk.standby_signal = true;
  w.run(2s);
  EXPECT_EQ(w.verdict.action, Action::none) << line_of(w.verdict);
}

}  // namespace
}  // namespace picket
