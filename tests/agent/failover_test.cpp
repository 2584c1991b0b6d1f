// Two primaries, in the two ways in which they come about: a hand promotes one beside a healthy one, and an old one
// comes back after a failover.
#include <gtest/gtest.h>

#include <csignal>

#include "agent/cluster.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{8000};

// For so long the other nodes may yet follow a promoted one.
constexpr char promoted_after[] = "promotion_confirm = \"1s\"\n";

bool says(const Member& member, const std::string& words) { return member.log().find(words) != std::string::npos; }

TEST(PromotedByHand, BesideAHealthyPrimaryIsFencedAndThePrimaryIsNeverWithdrawn) {
  Cluster cluster;
  cluster.start_agents({.guard = promoted_after});
  Member &primary = cluster.node1(), &rogue = cluster.node2();
  Watching page(primary, "/primary"), rogue_page(rogue, "/primary");

  rogue.server().promote();
  const auto seen = took([&] { return rogue.rule() == "R3c" || rogue.rule() == "R3" || rogue.has_marker(); }, limit);
  ASSERT_TRUE(seen) << describe(rogue);
  const auto dead = rogue.until_dead(limit);
  measured("hand promotion seen until dead (promotion_confirm 1 s)", dead);
  ASSERT_TRUE(dead) << describe(rogue);
  EXPECT_TRUE(rogue.until("R2h", limit)) << describe(rogue);
  EXPECT_TRUE(took([&] { return rogue.status()["fence"]["phase"] == "proved"; }, limit)) << rogue.status()["fence"];
  EXPECT_TRUE(rogue.is_marked("stale")) << rogue.marker();
  EXPECT_EQ(rogue.status()["fence"]["reasons"].dump(), "[\"stale\"]");
  EXPECT_EQ(rogue.gate(), "0");
  EXPECT_FALSE(rogue_page.ever(200)) << "it was never offered for writes";

  EXPECT_FALSE(page.ever(503)) << describe(primary);
  EXPECT_EQ(primary.rule(), "R1");
  EXPECT_EQ(primary.gate(), "1");
  EXPECT_FALSE(primary.has_marker());
  EXPECT_TRUE(says(primary, "second primary without a majority")) << primary.log();
}

TEST(PromotedByHand, AtLevelObserveIsOnlyTalkedAbout) {
  Cluster cluster;
  cluster.start_agents({.level = "observe", .guard = promoted_after});
  Member& rogue = cluster.node2();
  promote(rogue);
  ASSERT_TRUE(rogue.until("R3", limit)) << describe(rogue);
  EXPECT_FALSE(took([&] { return rogue.rule() != "R3"; }, Millis{1000})) << describe(rogue);
  EXPECT_TRUE(says(rogue, "it is being stopped (level observe: nothing is done)")) << rogue.log();
  EXPECT_EQ(rogue.server().sql("SELECT pg_is_in_recovery()"), "f") << "it lives";
  EXPECT_FALSE(rogue.has_marker());
  EXPECT_EQ(rogue.gate(), "") << "no gate file is made";
  EXPECT_EQ(rogue.get("/primary").status, 503) << "the health page says what guard would say";
}

TEST(Promoted, IsSeenBeforeTheNextPoll) {
  Cluster cluster;
  Member& next = cluster.node2();
  next.start_agent(
      {.guard = "fresh = \"4s\"\nloop_gap = \"4s\"\nisolation_timeout = \"8s\"\n", .postgresql = "poll = \"2s\"\n"});
  ASSERT_TRUE(next.until("R12", limit)) << describe(next);
  // Between what the files announce and what the server says.
  next.server().sql("ALTER SYSTEM SET recovery_end_command = 'sleep 0.7'");
  next.server().sql("SELECT pg_reload_conf()");
  cluster.node1().server().kill9();
  next.server().promote();
  ASSERT_TRUE(took([&] { return next.server().sql("SELECT pg_is_in_recovery()") == "f"; }, limit));
  const auto confirmed = next.until("R1", limit);
  measured("promoted until R1, polled every 2 s", confirmed);
  ASSERT_TRUE(confirmed) << describe(next);
  EXPECT_LT(*confirmed, Millis{400}) << describe(next);
}

class OldPrimary : public testing::Test {
 protected:
  OldPrimary() { cluster_.start_agents({.guard = "rejoin_stable = \"500ms\"\n"}); }

  // node2 takes over from node1, which is dead; node3 follows.
  void fail_over() {
    old_.server().kill9();
    promote(new_);
    const auto confirmed = new_.until("R1", limit);
    measured("promotion until R1 on the new primary", confirmed);
    ASSERT_TRUE(confirmed) << describe(new_);
    EXPECT_LT(*confirmed, Millis{4000});
    EXPECT_EQ(new_.gate(), "1");
    follow(cluster_.node3(), new_);
    EXPECT_TRUE(cluster_.node3().until("R12", limit)) << describe(cluster_.node3());
  }

  // The old server is started by hand, and must not live long.
  void start_and_see_it_die() {
    Watching page(old_, "/primary");
    const StartedByHand by_hand(old_);
    ASSERT_TRUE(by_hand.until_it_accepts_or_ends(limit)) << describe(old_);
    const auto dead = old_.until_dead(limit);
    measured("old primary accepts connections until it is dead", dead);
    ASSERT_TRUE(dead) << describe(old_);
    EXPECT_LE(*dead, Millis{6000});
    EXPECT_TRUE(old_.until("R2h", limit)) << describe(old_);
    EXPECT_FALSE(page.ever(200));
    EXPECT_TRUE(old_.is_marked("stale")) << old_.marker();
    EXPECT_EQ(old_.gate(), "0");
  }

  Cluster cluster_;
  Member &old_ = cluster_.node1(), &new_ = cluster_.node2();
};

TEST_F(OldPrimary, IsFencedEachTimeItComesBackAlsoAfterARestartOfTheAgent) {
  fail_over();
  start_and_see_it_die();
  EXPECT_TRUE(says(old_, "R3 stale primary: node2 is primary on timeline 2 and is followed by node3")) << old_.log();
  EXPECT_TRUE(took([&] { return says(old_, "fence: proved after"); }, limit)) << old_.log();
  EXPECT_NE(old_.status()["fence"]["rungs"].dump().find("SIGQUIT directly: sent to "), std::string::npos);

  EXPECT_EQ(old_.stop_agent(SIGKILL), 128 + SIGKILL);
  old_.start_agent();
  ASSERT_TRUE(old_.until("R2h", limit)) << describe(old_);
  EXPECT_TRUE(says(old_, "this node is fenced: stale primary")) << old_.log();
  start_and_see_it_die();
  EXPECT_EQ(new_.rule(), "R1") << describe(new_);
}

TEST_F(OldPrimary, ClonedAnewLosesItsMarkerOnceItStreams) {
  fail_over();
  start_and_see_it_die();
  reclone(old_, new_);
  EXPECT_TRUE(old_.until("R12", limit)) << describe(old_);
  EXPECT_TRUE(took([&] { return !old_.has_marker(); }, limit)) << describe(old_);
  EXPECT_EQ(old_.get("/replica").status, 200);
  EXPECT_EQ(old_.rule(), "R12");
}

// The old role is still remembered when the new life begins, and says nothing about it.
void returns_as_a_standby(Cluster& cluster) {
  Member &old = cluster.node1(), &upstream = cluster.node2();
  promote(upstream);
  follow(cluster.node3(), upstream);
  ASSERT_TRUE(upstream.until("R1", limit)) << describe(upstream);
  // Long enough to prove an old primary stale, and less than role_ttl.
  ASSERT_FALSE(took([&] { return old.rule() == "R3c" || old.rule() == "R3"; }, Millis{1000})) << describe(old);
  old.server().setting("primary_conninfo = '" + upstream.server().conninfo() + " application_name=node1'");
  write_text(old.server().data() + "/standby.signal", "");
  old.server().start();
  EXPECT_TRUE(old.until("R12", limit)) << describe(old);
  EXPECT_FALSE(old.has_marker());
  for (const char* words : {"picketd: R3", "picketd: R2", "fence: stopping"})
    EXPECT_FALSE(says(old, words)) << words << "\n" << old.log();
  EXPECT_EQ(old.get("/replica").status, 200);
}

TEST_F(OldPrimary, ThatWasStoppedForASwitchoverReturnsAsAStandbyAndIsNeverFenced) {
  old_.server().stop("fast");
  returns_as_a_standby(cluster_);
}

TEST_F(OldPrimary, ThatWasKilledReturnsAsAStandbyAndIsNeverFenced) {
  old_.server().kill9();
  returns_as_a_standby(cluster_);
}

}  // namespace
}  // namespace picket::test
