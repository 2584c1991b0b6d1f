// Three real servers with real agents at level lease, which vote over real datagrams. A lease lasts 1 s here, and a
// voter is bound for 2.3 s.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "agent/cluster.hpp"
#include "agent/voters.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{10'000};
constexpr Millis lease{1000};

class Leased : public testing::Test {
 protected:
  Leased() {
    for (const auto& member : cluster_.members()) start(*member);
    EXPECT_TRUE(old_.until("R1", limit)) << describe(old_);
  }

  void start(Member& member, const std::string& repmgr = {}) {
    AgentOptions options{.level = "lease"};
    options.repmgr = repmgr;
    options.lease = voters_.lines(member.id());
    member.start_agent(options);
  }

  Ended vote(const Member& member, const std::string& within) const {
    return member.picket({"gate", "vote", "--within", within});
  }

  Folder folder_;
  Cluster cluster_;
  Voters voters_;
  Member& old_ = cluster_.node1();
  Member& new_ = cluster_.node2();
};

TEST_F(Leased, APrimaryHoldsItAndTheCommandLineSaysSo) {
  EXPECT_EQ(old_.status()["lease"]["valid"], true);
  EXPECT_EQ(new_.status()["lease"]["valid"], false);
  EXPECT_TRUE(took([&] { return new_.status()["lease"]["holder"] == "node1"; }, limit)) << new_.status()["lease"];
  EXPECT_NE(old_.log().find("holds the lease of 3 voters"), std::string::npos) << old_.log();
}

TEST_F(Leased, AStandbyIsNotPromotedBesideAHealthyPrimary) {
  const Ended refused = vote(new_, "3");
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.err.find("not promoted: the lease is not granted"), std::string::npos) << refused.err;
  const Ended promoted = new_.picket({"gate", "promote", "--within", "1", "--", "/bin/touch", folder_ / "promoted"});
  EXPECT_EQ(promoted.code, 1);
  EXPECT_EQ(access((folder_ / "promoted").c_str(), F_OK), -1) << "the command was not to be run";
  EXPECT_EQ(old_.rule(), "R1");
  EXPECT_EQ(old_.log().find("R5"), std::string::npos) << "the primary was not to be disturbed: " << old_.log();
}

TEST_F(Leased, AStandbyIsPromotedOnceTheOldLeaseHasEndedAndServesAtOnce) {
  const Instant died = boot_now();
  old_.agent().signal(SIGKILL);
  old_.server().stop("immediate");
  const Ended granted = vote(new_, "10");
  const Millis waited = boot_now() - died;
  EXPECT_EQ(granted.code, 0) << granted.err << describe(new_);
  measured("the holder's death until a voter's grant (bound 2.3 s)", waited);
  // The last heartbeat is 100 ms old at most, and more on a machine that is busy.
  EXPECT_GE(waited, Millis{1800});
  const Ended promoted = new_.picket({"gate", "promote", "--", "/bin/true"});
  EXPECT_EQ(promoted.code, 0) << promoted.err;
  promote(new_);
  EXPECT_TRUE(new_.until("R1", limit)) << describe(new_);
}

TEST_F(Leased, APrimaryWithoutVotersIsDeadSoonAfterItsLease) {
  for (Member* voter : {&cluster_.node2(), &cluster_.node3()}) voter->agent().signal(SIGKILL);
  const Instant cut = boot_now();
  ASSERT_TRUE(old_.until_dead(limit)) << describe(old_);
  const Millis after = boot_now() - cut;
  measured("the voters' death until the primary's (lease 1 s)", after);
  EXPECT_GE(after, lease - Millis{200});
  EXPECT_LE(after, lease + Millis{2000});
  EXPECT_TRUE(old_.is_marked("isolated"));
  EXPECT_NE(old_.log().find("its lease has ended"), std::string::npos) << old_.log();
}

TEST_F(Leased, OneVoterIsEnough) {
  cluster_.node3().agent().signal(SIGKILL);
  std::this_thread::sleep_for(3 * lease);
  EXPECT_EQ(old_.rule(), "R1") << describe(old_);
  EXPECT_FALSE(old_.has_marker());
}

TEST_F(Leased, AnAgentThatRestartsHasTheLeaseAgainAndNobodyIsFenced) {
  for (const auto& member : cluster_.members()) {
    member->stop_agent(SIGTERM);
    start(*member);
    EXPECT_TRUE(old_.until("R1", limit)) << describe(old_);
  }
  std::this_thread::sleep_for(2 * lease);
  EXPECT_EQ(old_.rule(), "R1") << describe(old_);
  for (const auto& member : cluster_.members()) EXPECT_FALSE(member->has_marker()) << member->marker();
}

TEST_F(Leased, AnAgentThatRestartsGoesOnWithItsTermAndAsksForNoNewOne) {
  const auto term = old_.status()["lease"]["term"];
  const std::string promise = read_text(cluster_.node2().folder() / "state/promise");
  old_.stop_agent(SIGTERM);
  start(old_);
  EXPECT_TRUE(old_.until("R1", limit)) << describe(old_);
  std::this_thread::sleep_for(lease);
  EXPECT_EQ(old_.status()["lease"]["term"], term) << describe(old_);
  EXPECT_EQ(read_text(cluster_.node2().folder() / "state/promise"), promise);
}

TEST_F(Leased, ADeadPrimaryGivesItBackAndTheVotersAreFreeAtOnce) {
  old_.server().stop("fast");
  const Instant died = boot_now();
  const Ended granted = vote(new_, "10");
  EXPECT_EQ(granted.code, 0) << granted.err << describe(new_);
  measured("the primary's proven end until a voter's grant", boot_now() - died);
  EXPECT_LT(boot_now() - died, Millis{2000}) << "less than the bound: it was given back";
}

// A voter is bound for 2.3 s here, and two more are the margin.
TEST_F(Leased, RepmgrdsTimesAreJudgedAtTheStartAndWheneverTheyChangeHereAndOnThePeers) {
  const std::string hooks =
      "failover=automatic\npromote_command='picket gate promote -- true'\nfailover_validation_command='picket gate "
      "vote ";
  new_.stop_agent(SIGTERM);
  unlink((new_.folder() / "state/promise").c_str());  // as if it had never voted
  EXPECT_THROW(start(new_, hooks + "--within 4'\n"), std::runtime_error);
  EXPECT_NE(
      new_.log().find("repmgr.conf: failover_validation_command: picket gate vote waits for 4s, and a voter may be "
                      "bound to the old holder for 2300ms"),
      std::string::npos)
      << new_.log();
  start(new_, hooks + "--within 5'\n");
  EXPECT_EQ(new_.status()["problems"].dump().find("repmgr.conf"), std::string::npos) << new_.status()["problems"];
  // Whoever has made repmgrd read another file is told, and so are the others; the agent goes on.
  const std::string file = new_.folder() / "repmgr.conf";
  const std::string good = read_text(file);
  write_text(file, good + "failover_validation_command='picket gate vote --within 3'\n");
  const auto says = [](const Member& member, const std::string& words) {
    return took([&] { return member.status()["problems"].dump().find(words) != std::string::npos; }, 2 * limit);
  };
  EXPECT_TRUE(says(new_, "failover_validation_command: picket gate vote waits for 3s")) << new_.status()["problems"];
  EXPECT_TRUE(says(old_, "node 2: in its repmgr.conf picket gate vote waits for 3s")) << old_.status()["problems"];
  EXPECT_EQ(old_.rule(), "R1");
  EXPECT_EQ(new_.rule(), "R12");
  // The others count with it: it comes back all the same, and says so.
  ASSERT_TRUE(took([&] { return access((new_.folder() / "state/promise").c_str(), F_OK) == 0; }, limit));
  new_.stop_agent(SIGTERM);
  start(new_, hooks + "--within 4'\n");
  EXPECT_TRUE(says(new_, "failover_validation_command: picket gate vote waits for 4s")) << new_.status()["problems"];
}

TEST_F(Leased, APromiseThatCannotBeReadKeepsTheAgentDown) {
  new_.stop_agent(SIGTERM);
  write_text(new_.folder() / "state/promise", "picket-promise 1 term 5 t");
  EXPECT_THROW(start(new_), std::runtime_error);
  EXPECT_NE(new_.log().find("nobody knows what this node has promised"), std::string::npos) << new_.log();
}

}  // namespace
}  // namespace picket::test
