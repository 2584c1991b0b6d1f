// Two real servers with real agents, and a third voter on a host without PostgreSQL: only together with it is either of
// them a majority. A lease lasts 1 s here, and a voter is bound for 2.3 s.
#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/cluster.hpp"
#include "agent/voters.hpp"
#include "agent/witness_host.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{10'000};
constexpr Millis lease{1000};

class TwoServersAndAWitness : public testing::Test {
 protected:
  TwoServersAndAWitness() {
    witness_.start(voters_.lines(3));
    for (const auto& member : cluster_.members()) {
      AgentOptions options{.level = "lease"};
      options.lease = voters_.lines(member->id());
      member->start_agent(options);
    }
    EXPECT_TRUE(old_.until("R1", limit)) << describe(old_) << witness_.log();
  }

  Cluster cluster_{2};
  WitnessHost witness_{3};
  Voters voters_;
  Member& old_ = cluster_.node1();
  Member& new_ = cluster_.node2();
};

TEST_F(TwoServersAndAWitness, TheWitnessVotesAndIsNothingElse) {
  EXPECT_TRUE(took([&] { return witness_.lease_said().value("holder", nlohmann::json()) == "node 1"; }, limit))
      << witness_.lease_said();
  EXPECT_EQ(witness_.lease_said()["wish"], "idle");
  EXPECT_NE(witness_.promise().find(" to 1 end"), std::string::npos) << witness_.promise();
  EXPECT_EQ(witness_.get("/liveness").status, 200);
  for (const char* path : {"/primary", "/replica", "/read-only", "/health"}) {
    EXPECT_EQ(witness_.get(path).status, 503) << path;
    EXPECT_TRUE(witness_.get(path).verdict.ends_with(" W")) << witness_.get(path).verdict;
  }
  EXPECT_NE(witness_.get("/metrics").body.find("picket_"), std::string::npos);
  const Ended status = witness_.picket({"status"});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_NE(status.out.find("W  witness, one of 3 voters"), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("node 2, heard "), std::string::npos) << status.out;
  EXPECT_EQ(witness_.picket({"explain"}).code, 0);
  EXPECT_EQ(witness_.picket({"check", "primary"}).code, 1);
  for (const char* order : {"fence", "unfence"}) {
    const Ended ended = witness_.picket({order});
    EXPECT_EQ(ended.code, 2) << order;
    EXPECT_NE((ended.err + ended.out).find("this host is a witness"), std::string::npos) << ended.err << ended.out;
  }
}

TEST_F(TwoServersAndAWitness, TheStandbyWinsWithTheWitnessesVoteWhenTheHolderIsLost) {
  old_.agent().signal(SIGKILL);
  old_.server().stop("immediate");
  const Instant died = boot_now();
  const Ended granted = new_.picket({"gate", "vote", "--within", "10"});
  EXPECT_EQ(granted.code, 0) << granted.err << describe(new_) << witness_.log();
  measured("the holder's death until the witness's grant (bound 2.3 s)", boot_now() - died);
  promote(new_);
  EXPECT_TRUE(new_.until("R1", limit)) << describe(new_);
  EXPECT_NE(witness_.promise().find(" to 2 end"), std::string::npos) << witness_.promise();
}

TEST_F(TwoServersAndAWitness, WithoutTheWitnessTheStandbyIsNotPromotedWhenTheHolderIsLost) {
  witness_.agent().signal(SIGKILL);
  old_.agent().signal(SIGKILL);
  old_.server().stop("immediate");
  const Ended refused = new_.picket({"gate", "vote", "--within", "5"});
  EXPECT_EQ(refused.code, 1) << refused.err;
}

TEST_F(TwoServersAndAWitness, TheWitnessMayBeLostAndComeBackAndNothingHappens) {
  const std::string promise = witness_.promise();
  const auto term = old_.status()["lease"]["term"];
  witness_.agent().signal(SIGKILL);
  std::this_thread::sleep_for(3 * lease);
  EXPECT_EQ(old_.rule(), "R1") << describe(old_);
  witness_.start(voters_.lines(3));
  std::this_thread::sleep_for(3 * lease);
  EXPECT_EQ(old_.rule(), "R1") << describe(old_);
  EXPECT_EQ(old_.status()["lease"]["term"], term);
  EXPECT_EQ(witness_.promise(), promise);
  for (const auto& member : cluster_.members()) EXPECT_FALSE(member->has_marker()) << member->marker();
}

TEST_F(TwoServersAndAWitness, AHolderThatHearsNobodyIsDeadSoonAfterItsLease) {
  new_.agent().signal(SIGKILL);
  witness_.agent().signal(SIGKILL);
  const Instant cut = boot_now();
  ASSERT_TRUE(old_.until_dead(limit)) << describe(old_);
  EXPECT_LE(boot_now() - cut, lease + Millis{2000});
  EXPECT_TRUE(old_.is_marked("isolated"));
}

TEST(WitnessHost, SaysWhatIsWrongWithItsConfiguration) {
  const std::string voters = "voters = \"1=127.0.0.1 2=127.0.0.1 4=127.0.0.1\"\n";
  for (const auto& [lease_lines, more, words] :
       {std::tuple{voters, "", "lease.voters does not name node_id (3)"},
        std::tuple{voters, "[postgresql]\nunit = \"postgresql.service\"\n", ":7: postgresql.unit: role is \"witness\""},
        std::tuple{std::string("voters = \"1=127.0.0.1 2=127.0.0.1 3=127.0.0.1\"\nkey = \"/nonexistent\"\n"), "",
                   "/nonexistent"}}) {
    WitnessHost host{3};
    host.start(lease_lines, more);
    EXPECT_EQ(host.agent().ended(limit), 78) << host.log();
    EXPECT_NE(host.log().find(words), std::string::npos) << host.log();
  }
}

}  // namespace
}  // namespace picket::test
