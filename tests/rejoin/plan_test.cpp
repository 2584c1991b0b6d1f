// Every rule by which a plan is chosen; what stands in its way is in plan_obstacles_test.cpp.
#include <gmock/gmock.h>

#include "rejoin/planned.hpp"

namespace picket {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Server = LocalData::Server;

TEST_F(Plan, OfACrashedOldPrimaryIsToRewindIt) {
  const RejoinPlan p = plan();
  EXPECT_EQ(p.kind, RejoinKind::rewind);
  EXPECT_EQ(p.reason, "pg2 left timeline 1 before this node had ended it");
  EXPECT_EQ(p.fork, std::optional<Lsn>(0x824370));
  EXPECT_EQ(p.bytes_lost, std::optional<uint64_t>(520));
  EXPECT_EQ(p.transactions_lost, std::optional<uint64_t>(5));
  EXPECT_TRUE(p.recover_first);
  EXPECT_FALSE(p.checkpoint_first);
  EXPECT_THAT(p.obstacles, IsEmpty());
}

TEST_F(Plan, OfACleanlyStoppedOneNeedsNoRecovery) {
  local.control_state = "shut down";
  EXPECT_FALSE(plan().recover_first);
  EXPECT_EQ(plan().kind, RejoinKind::rewind);
}

TEST_F(Plan, AsksForACheckpointWhileTheControlFileOfThePrimaryLags) {
  primary.control_timeline = 1;
  EXPECT_TRUE(plan().checkpoint_first);
  EXPECT_THAT(plan().obstacles, IsEmpty());
  primary.may_checkpoint = false;
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("type CHECKPOINT there")));
}

TEST_F(Plan, OfAnOldPrimaryThatWroteNothingMoreIsToStartIt) {
  local.control_state = "shut down";
  nothing_after_the_fork();
  EXPECT_EQ(plan().kind, RejoinKind::start_as_standby);
  EXPECT_EQ(plan().bytes_lost, std::optional<uint64_t>(0));
  EXPECT_THAT(plan().obstacles, IsEmpty());
}

// Single-user mode would write a record of its own behind the fork; without checksums only a clone were left then.
TEST_F(Plan, OfACrashedOneThatLostNothingReplaysItsLogAsAStandbyWhateverPgRewindNeeds) {
  local.checksums = false;
  nothing_after_the_fork();
  for (const bool signal : {false, true}) {
    local.standby_signal = signal;
    EXPECT_EQ(plan().kind, RejoinKind::start_as_standby);
    EXPECT_TRUE(plan().crashed_only);
    EXPECT_FALSE(plan().recover_first);
  }
  local.control_state = "shut down";
  EXPECT_FALSE(plan().crashed_only);
}

// The finding M10: identical system identifier, timeline and history file, and pg_rewind says "no rewind required".
TEST_F(Plan, OfTwoPrimariesOfOneTimelineIsToClone) {
  for (const char* state : {"in production", "shut down"}) {
    local.timeline = 2;
    local.control_state = state;
    local.history = primary.history;
    nothing_after_the_fork();
    EXPECT_EQ(plan().kind, RejoinKind::clone) << state;
    EXPECT_THAT(plan().reason, HasSubstr("both went on as primaries of timeline 2"));
    EXPECT_FALSE(plan().bytes_lost);
    EXPECT_THAT(plan().lost_unknown, HasSubstr("parted"));
  }
}

TEST_F(Plan, ShowsTheCloneEvenWhileBothPrimariesRunAndNobodyFollowsEither) {
  local.timeline = 2;
  local.server = Server::primary;
  primary.certified = false;
  primary.rivals = "pg1";
  EXPECT_EQ(plan().kind, RejoinKind::clone);
  EXPECT_THAT(plan().obstacles,
              ElementsAre("PostgreSQL runs here as a primary: stop it first",
                          "no majority follows pg2, and pg1 claims to be primary too: if you know that it is the right "
                          "one, say --primary pg2"));
}

TEST_F(Plan, OfANodeAboveThePrimarysTimelineIsToClone) {
  local.timeline = 3;
  EXPECT_EQ(plan().kind, RejoinKind::clone);
  EXPECT_THAT(plan().reason, HasSubstr("which pg2 (timeline 2) has never been on"));
}

TEST_F(Plan, OfATimelineThatThePrimaryWasNeverOnIsToClone) {
  local.timeline = 2;
  primary.timeline = primary.control_timeline = 3;
  EXPECT_EQ(plan().kind, RejoinKind::clone);
  EXPECT_THAT(plan().reason, HasSubstr("does not know timeline 2"));
}

TEST_F(Plan, OfATimelineOfTheSameNumberBegunElsewhereIsToClone) {
  local.timeline = 2;
  local.history.switches = {{1, 0x700000}};
  primary.timeline = primary.control_timeline = 3;
  primary.history.switches = {{1, 0x824370}, {2, 0x900000}};
  EXPECT_EQ(plan().kind, RejoinKind::clone);
  EXPECT_THAT(plan().reason, HasSubstr("two servers were promoted"));
  local.history.switches = {{1, 0x824370}};
  EXPECT_EQ(plan().kind, RejoinKind::rewind);
}

TEST_F(Plan, OfALogThatDiffersBeforeTheForkIsToClone) {
  primary.same_past = true;
  EXPECT_EQ(plan().kind, RejoinKind::rewind);
  primary.same_past = false;
  EXPECT_EQ(plan().kind, RejoinKind::clone);
  nothing_after_the_fork();
  EXPECT_EQ(plan().kind, RejoinKind::clone);
}

TEST_F(Plan, WithoutChecksumsAndHintsIsToClone) {
  local.checksums = false;
  EXPECT_EQ(plan().kind, RejoinKind::clone);
  EXPECT_EQ(plan().bytes_lost, std::optional<uint64_t>(520)) << "what is lost is known all the same";
  local.wal_log_hints = true;
  EXPECT_EQ(plan().kind, RejoinKind::rewind);
}

TEST_F(Plan, AfterARewindThatWasBrokenOffIsToClone) {
  local.rewind_broken_off = true;
  EXPECT_EQ(plan().kind, RejoinKind::clone);
}

TEST_F(Plan, IsACloneWhenOneIsAskedFor) {
  wishes.clone = true;
  EXPECT_EQ(plan().kind, RejoinKind::clone);
}

TEST_F(Plan, AnUnreadableLogDoesNotHideThatSomethingIsLost) {
  local.after_fork.reset();
  local.after_fork_unknown = "pg_waldump: not found";
  EXPECT_EQ(plan().kind, RejoinKind::rewind);
  EXPECT_FALSE(plan().bytes_lost);
  EXPECT_EQ(plan().lost_unknown, "pg_waldump: not found");
  EXPECT_THAT(plan_text(plan(), local, primary), HasSubstr("lost       not known: pg_waldump: not found\n"));
}

TEST_F(Plan, OfALogThatCanBeReadInPartOnlyCountsTheLeastAndIsNothingForAnAutomaticOne) {
  local.after_fork->cut_short = "the log cannot be read at 0/824578 and goes on behind it";
  EXPECT_EQ(plan().kind, RejoinKind::rewind);
  EXPECT_THAT(plan_text(plan(), local, primary), HasSubstr("lost       at least 5 committed transactions, 520 bytes"));
  EXPECT_THAT(plan_text(plan(), local, primary), HasSubstr("; the log cannot be read at 0/824578"));
  wishes.automatic = true;
  wishes.max_lost = 1 << 20;
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("not known")));
  nothing_after_the_fork();
  local.after_fork->cut_short = "the log cannot be read";
  EXPECT_EQ(plan().kind, RejoinKind::rewind) << "that nothing was found is not that there is nothing";
}

TEST_F(Plan, OfRewoundDataWithoutStandbySignalIsToClone) {
  local.timeline = 2;
  local.history = primary.history;
  local.control_state = "in archive recovery";
  EXPECT_EQ(plan().kind, RejoinKind::clone) << "single-user mode would make a second primary of timeline 2";
  local.standby_signal = true;
  EXPECT_EQ(plan().kind, RejoinKind::start_as_standby);
}

TEST_F(Plan, OfAStoppedStandbyIsToStartIt) {
  local.standby_signal = true;
  for (const char* state : {"shut down in recovery", "in archive recovery"}) {
    local.control_state = state;
    local.timeline = 2;
    EXPECT_EQ(plan().kind, RejoinKind::start_as_standby) << state;
    EXPECT_FALSE(plan().recover_first);
    local.timeline = 1;
    nothing_after_the_fork();
    EXPECT_EQ(plan().kind, RejoinKind::start_as_standby) << state;
  }
}

TEST_F(Plan, IsNotDeceivedByAStandbySignalThatSomebodyPutThere) {
  local.standby_signal = true;
  local.timeline = 2;
  for (const char* state : {"shut down", "in production"}) {
    local.control_state = state;
    EXPECT_EQ(plan().kind, RejoinKind::clone) << state;
  }
}

TEST_F(Plan, OfAStandbyAheadOfTheForkDependsOnHowItEnded) {
  local.standby_signal = true;
  local.control_state = "shut down in recovery";
  EXPECT_EQ(plan().kind, RejoinKind::rewind);
  local.control_state = "in archive recovery";
  EXPECT_EQ(plan().kind, RejoinKind::clone);
}

TEST_F(Plan, IsReadAtThreeInTheMorning) {
  EXPECT_EQ(plan_text(plan(), local, primary),
            "plan: rewind\n"
            "  because    pg2 left timeline 1 before this node had ended it\n"
            "  this node  timeline 1, \"in production\", checksums\n"
            "  primary    pg2, timeline 2, followed by pg3\n"
            "  fork       0/824370 on timeline 1\n"
            "  lost       5 committed transactions, 520 bytes of log, from 10:00 to 10:01\n"
            "  step 1     ask everybody again, and make sure that no process of PostgreSQL is left here\n"
            "  step 2     copy the log from the fork on into diverged/ of the state directory\n"
            "  step 3     recover from the crash, with PostgreSQL in single-user mode\n"
            "  step 4     repmgr node rejoin --force-rewind, tried with --dry-run first\n"
            "  step 5     wait until it streams from pg2; picketd lifts the fence when that has lasted\n");
  EXPECT_EQ(bytes_text(16 << 20), "16.0 MB");
  EXPECT_EQ(bytes_text(999), "999 bytes");
}

}  // namespace
}  // namespace picket
