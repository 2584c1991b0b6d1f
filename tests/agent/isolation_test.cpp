// A primary that nobody answers, and one that answers nobody.
#include <gtest/gtest.h>

#include "agent/cluster.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{8000};

// One agent beside the primary, with short bounds.
class Alone : public testing::Test {
 protected:
  void start(AgentOptions options) {
    options.guard += "fresh = \"1s\"\nsuspect_after = \"1s\"\nisolation_timeout = \"2s\"\nreturn_stable = \"500ms\"\n";
    primary_.start_agent(options);
    ASSERT_TRUE(primary_.until("R1", limit)) << describe(primary_);
  }

  Cluster cluster_;
  Member& primary_ = cluster_.node1();
};

TEST_F(Alone, APrimaryThatNobodyAnswersIsStoppedAfterTheTimeoutAndNotBefore) {
  start({.postgresql = "unit = \"postgresql@15-picket-test.service\"\n"});
  Watching page(primary_, "/primary");
  const Instant cut = boot_now();
  Frozen second(cluster_.node2()), third(cluster_.node3());
  const auto alarm = primary_.until("R5", limit);
  measured("both standbys silent until the alarm R5", alarm);
  EXPECT_TRUE(alarm);
  EXPECT_EQ(primary_.get("/primary").status, 200) << "an alarm withdraws nothing";
  const auto dead = primary_.until_dead(limit);
  measured("both standbys silent until the primary is dead", boot_now() - cut);
  ASSERT_TRUE(dead) << describe(primary_);
  const auto withdrawn = page.stop().back();
  ASSERT_EQ(withdrawn.status, 503);
  measured("both standbys silent until 503", withdrawn.at - cut);
  // The last answer may have been asked for one poll before the cut.
  EXPECT_GE(withdrawn.at - cut, Millis{1700});
  EXPECT_LE(withdrawn.at - cut, Millis{6000});
  EXPECT_TRUE(primary_.until("R2h", limit)) << describe(primary_);
  EXPECT_EQ(primary_.status()["fence"]["reasons"].dump(), "[\"isolated\"]");
  EXPECT_EQ(primary_.gate(), "0");

  second.thaw();
  third.thaw();
  // It may start again, but there is no systemd to ask.
  const auto tried =
      took([&] { return primary_.log().find("could not be started again") != std::string::npos; }, limit);
  measured("standbys answer until a start is tried (return_stable 500 ms)", tried);
  ASSERT_TRUE(tried) << describe(primary_);
  EXPECT_NE(primary_.log().find("could not be started again: D-Bus"), std::string::npos) << primary_.log();
  EXPECT_TRUE(primary_.is_marked("isolated")) << "a start that failed leaves it fenced: " << primary_.marker();
  EXPECT_EQ(primary_.get("/primary").status, 503);
}

TEST_F(Alone, WithoutAKnownUnitTheReturnIsReportedAsImpossible) {
  start({});
  Frozen second(cluster_.node2()), third(cluster_.node3());
  ASSERT_TRUE(primary_.until_dead(limit)) << describe(primary_);
  second.thaw();
  third.thaw();
  EXPECT_TRUE(took([&] { return primary_.log().find("could not be started again") != std::string::npos; }, limit))
      << describe(primary_);
  EXPECT_TRUE(primary_.is_marked("isolated")) << primary_.marker();
}

TEST_F(Alone, OneStandbyLostChangesNothing) {
  start({});
  Watching page(primary_, "/primary");
  const Frozen third(cluster_.node3());
  EXPECT_FALSE(took([&] { return primary_.rule() != "R1"; }, Millis{3500})) << describe(primary_);
  EXPECT_FALSE(page.ever(503));
  EXPECT_EQ(primary_.log().find("picketd: R5"), std::string::npos) << primary_.log();
}

TEST_F(Alone, AHungPrimaryIsWithdrawnAndThenStopped) {
  start({.guard = "hang_withdraw = \"1s\"\nhang_stop = \"2s\"\n",
         .postgresql = "fresh_every = \"250ms\"\nfresh_deadline = \"500ms\"\n"});
  Watching page(primary_, "/primary");
  const Instant hung = boot_now();
  primary_.server().freeze();
  const auto dead = primary_.until_dead(limit);
  measured("postmaster stopped by a signal until it is dead (hang_stop 2 s)", boot_now() - hung);
  ASSERT_TRUE(dead) << describe(primary_);
  const auto withdrawn = page.stop().back();
  ASSERT_EQ(withdrawn.status, 503);
  measured("postmaster stopped by a signal until 503 (hang_withdraw 1 s)", withdrawn.at - hung);
  EXPECT_GE(withdrawn.at - hung, Millis{800});
  EXPECT_LE(withdrawn.at - hung, Millis{5000});
  EXPECT_LE(*dead, Millis{8000});
  EXPECT_TRUE(primary_.until("R2h", limit)) << describe(primary_);
  EXPECT_EQ(primary_.status()["fence"]["reasons"].dump(), "[\"hung\"]");
}

// The same fault at level observe: everything is said, and nothing is done.
TEST_F(Alone, AtLevelObserveAnIsolatedPrimaryIsOnlyTalkedAbout) {
  start({.level = "observe"});
  Frozen second(cluster_.node2()), third(cluster_.node3());
  ASSERT_TRUE(primary_.until("R4", limit)) << describe(primary_);
  EXPECT_FALSE(took([&] { return primary_.rule() != "R4"; }, Millis{1500})) << describe(primary_);
  EXPECT_EQ(primary_.server().sql("SELECT pg_is_in_recovery()"), "f") << "it lives";
  const auto status = primary_.status();
  EXPECT_EQ(status["verdict"]["action"], "stop_now");
  EXPECT_EQ(status["fence"]["phase"], "idle") << status["fence"];
  EXPECT_NE(primary_.log().find("R4 isolated primary"), std::string::npos);
  EXPECT_NE(primary_.log().find("(level observe: nothing is done)"), std::string::npos) << primary_.log();
  EXPECT_NE(primary_.picket({"status"}).out.find("not taken: level observe"), std::string::npos);
  EXPECT_FALSE(primary_.has_marker());
  EXPECT_EQ(primary_.gate(), "") << "the gate is not touched";
  EXPECT_EQ(primary_.rank(), "");
  second.thaw();
  third.thaw();
  EXPECT_TRUE(primary_.until("R1", limit)) << describe(primary_);
  EXPECT_EQ(primary_.stop_agent(SIGTERM), 0);
  EXPECT_EQ(primary_.gate(), "") << "nor by its end";
}

}  // namespace
}  // namespace picket::test
