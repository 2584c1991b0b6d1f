// The other side of must_not_act_test.cpp: what may not be missed. A primary that is stale and goes on, or that is
// advertised beside another, loses data.

#include <gmock/gmock.h>

#include "core/story.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;

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

TEST(FencedPrimary, IsStoppedByItsFilesWhenItLetsNobodyIn) {
  // An agent that has just started and is locked out: the role was never told. A server that shuts down lets nobody in
  // either, and the sessions that it has may go on.
  for (const char* status : {"ready", "stopping"}) {
    Watcher w;
    w.fenced({"stale"});
    w.says(1, status == std::string("ready") ? Says::locked_out : Says::stopping);
    w.board.postmaster.status = status;
    w.board.disk.known = true;
    w.board.disk.control_state = "in production";
    w.run(2s);
    EXPECT_EQ(w.verdict.rule, Rule::R2) << line_of(w.verdict);
    // What is on its way to a standby may get there.
    EXPECT_EQ(w.verdict.action, status == std::string("ready") ? Action::stop_now : Action::stop_fast);
  }
}

TEST(FencedPrimary, ThatShutsDownFastForAStandbyGoesOnSoUnderANewAgent) {
  Watcher w;
  w.run(2s);
  w.fenced({"unreachable"});
  w.board.disk.known = true;
  w.board.disk.control_state = "in production";
  w.says(1, Says::stopping);
  w.board.postmaster.status = "stopping";
  w.restart_agent();
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R2) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.action, Action::stop_fast);
}

TEST(StalePrimary, IsStoppedInASmartShutdownThatTheAgentDidNotSeeBegin) {
  Watcher w;
  w.board.disk.known = true;
  w.board.disk.control_state = "in production";
  w.says(1, Says::stopping);
  w.board.postmaster.status = "stopping";
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.run(10s);
  EXPECT_EQ(w.verdict.rule, Rule::R3) << line_of(w.verdict);
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
