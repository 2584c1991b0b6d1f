// Every rule of the plan, on literals.
#include "rejoin/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace picket {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Server = LocalData::Server;

constexpr uint64_t system_id = 7710794041388292070;

class Plan : public testing::Test {
 protected:
  // pg1, a crashed primary of timeline 1; pg2 was promoted to timeline 2 at 0/824370, and pg3 follows it.
  Plan() {
    local.server = Server::stopped;
    local.known = true;
    local.system_identifier = primary.system_identifier = system_id;
    local.timeline = 1;
    local.control_state = "in production";
    local.checksums = true;
    local.after_fork = WalTail{10, 5, 0x824370 + 520, "10:00", "10:01", ""};
    primary.seen = primary.certified = primary.told = true;
    primary.id = 2;
    primary.name = "pg2";
    primary.followers = {"pg3"};
    primary.timeline = primary.control_timeline = 2;
    primary.history.switches = {{1, 0x824370}};
  }
  RejoinPlan plan() const { return plan_rejoin(local, primary, space, wishes); }
  void nothing_after_the_fork() { local.after_fork = WalTail{}; }

  LocalData local;
  PrimaryData primary;
  Space space;
  Wishes wishes;
};

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

TEST_F(Plan, ThatIsNothingHasNoSteps) {
  local.server = Server::streaming;
  EXPECT_EQ(plan().kind, RejoinKind::nothing_to_do);
  EXPECT_THAT(plan().obstacles, IsEmpty());
  EXPECT_THAT(plan().steps, IsEmpty());
}

TEST_F(Plan, NeverTouchesTheDataOfAnotherCluster) {
  primary.system_identifier = 1;
  EXPECT_EQ(plan().kind, RejoinKind::none);
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("nothing here is touched")));
  wishes.clone = true;
  EXPECT_EQ(plan().kind, RejoinKind::none);
}

TEST_F(Plan, WaitsForWhatIsNotKnown) {
  const auto only_obstacle = [&] {
    const RejoinPlan p = plan();
    EXPECT_EQ(p.kind, RejoinKind::none);
    return p.obstacles.size() == 1 ? p.obstacles[0] : "";
  };
  primary.history = {{}, "00000002.history:1: is no \"TIMELINE LSN REASON\""};
  EXPECT_THAT(only_obstacle(), HasSubstr("on pg2: 00000002.history:1"));
  primary.told = false;
  primary.why_untold = "no replication login";
  EXPECT_EQ(only_obstacle(), "pg2 does not tell what has to be known: no replication login");
  primary.seen = false;
  primary.why_not_seen = "no node shows itself as a primary";
  EXPECT_EQ(only_obstacle(), "no node shows itself as a primary");
  local.known = false;
  local.why_unknown = "Input/output error";
  EXPECT_THAT(only_obstacle(), HasSubstr("Input/output error"));
  local.witness = true;
  EXPECT_THAT(only_obstacle(), HasSubstr("witness"));
}

TEST_F(Plan, IsStoppedByAnythingThatRuns) {
  local.server = Server::unproved;
  local.server_detail = "processes: 4711";
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("processes: 4711")));
  local.server = Server::standby;
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("standby of somebody else")));
  EXPECT_EQ(plan().kind, RejoinKind::rewind) << "and says all the same what it would do";
}

TEST_F(Plan, IsStoppedByMetadataThatRepmgrWouldRefuse) {
  primary.registered = false;
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("repmgr primary register --force")));
}

TEST_F(Plan, IsStoppedByAFullDisk) {
  space.archive_needed = 1000;
  space.archive_free = 999;
  space.archive_folder = "/var/lib/picket";
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("--without-archive")));
  wishes.without_archive = true;
  EXPECT_THAT(plan().obstacles, IsEmpty());
  wishes.clone = true;
  space.clone_needed = 5000;
  space.clone_free = 10;
  space.cannot_move = "the data directory is a mount point";
  EXPECT_THAT(plan().obstacles, ElementsAre("the data directory is a mount point", HasSubstr("beside the old one")));
}

TEST_F(Plan, ThatRunsByItselfLosesNoMoreThanAllowedAndNeverClones) {
  wishes.automatic = true;
  wishes.max_lost = 520;
  EXPECT_THAT(plan().obstacles, IsEmpty());
  wishes.max_lost = 519;
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("rejoin_max_lost")));
  local.after_fork.reset();
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("not known")));
  local.rewind_broken_off = true;
  EXPECT_THAT(plan().obstacles, ElementsAre(HasSubstr("by order only")));
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

TEST(WithoutPasswords, HidesThemInBothFormsOfAConnectionString) {
  EXPECT_EQ(without_passwords("repmgr -d host=a password=hunter2 user=b"), "repmgr -d host=a password=*** user=b");
  EXPECT_EQ(without_passwords("--source-server='host=a password=hunter2'"), "--source-server='host=a password=***'");
  EXPECT_EQ(without_passwords("postgresql://me:hunter2@host:5432/db"), "postgresql://me:***@host:5432/db");
  EXPECT_EQ(without_passwords("postgres://u:hun@ter2@h"), "postgres://u:***@h");
  EXPECT_EQ(without_passwords("postgres:///db?password=hunter2&user=u"), "postgres:///db?password=***&user=u");
  EXPECT_EQ(without_passwords("PGPASSWORD=hunter2 repmgr"), "PGPASSWORD=*** repmgr");
  EXPECT_EQ(without_passwords("nothing at all://here, no password"), "nothing at all://here, no password");
}

TEST(WithoutPasswords, HidesThemHoweverOftenTheyWereQuoted) {
  for (const char* line :
       {R"(password = 'hunter2 hunter2' user=b)", R"(password='hunter2\'hunter2')", R"(password="hunter2 hunter2")",
        R"(--source-server='host=a password='\''hunter2 hunter2'\'' user=b')", R"(-d "password=\"hunter2\" user=b")",
        R"(password=hunter2\ hunter2)", R"(password=\'hunter2\')", R"(password=''hunter2'')",
        R"(first password=hunter2 and second password='hunter2')"})
    EXPECT_EQ(without_passwords(line).find("hunter2"), std::string::npos) << line << "\n" << without_passwords(line);
}

}  // namespace
}  // namespace picket
