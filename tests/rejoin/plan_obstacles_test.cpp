// What keeps the plan from being carried out, or from being made.
#include <gmock/gmock.h>

#include "rejoin/planned.hpp"

namespace picket {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Server = LocalData::Server;

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

}  // namespace
}  // namespace picket
