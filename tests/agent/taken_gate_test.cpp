// A standby whose client gate somebody has taken away: it asks for no lease, so repmgr's hooks promote nobody before
// the gate is back.
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "agent/cluster.hpp"
#include "agent/own_network.hpp"
#include "agent/voters.hpp"
#include "agent/witness_host.hpp"
#include "gate/taken_table.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{10'000};

// The primary's agent is not there; the standby and a witness are a majority of the three voters.
class TakenGate : private OwnNetwork, public testing::Test {
 protected:
  TakenGate() {
    witness_.start(lines(3));
    AgentOptions options{.level = "lease"};
    options.lease = lines(2);
    standby_.start_agent(options);
    EXPECT_TRUE(standby_.until("R12", limit)) << describe(standby_);
  }

  std::string lines(int id) const { return voters_.lines(id) + "client_gate = true\nclient_port = 6433\n"; }
  Ended hook(std::vector<std::string> words) const {
    words.insert(words.begin(), "gate");
    return standby_.picket(std::move(words));
  }
  bool told_that_it_is_taken(Millis within) const {
    const auto told = [this] {
      return standby_.status()["problems"].dump().find("cannot be put back") != std::string::npos;
    };
    return took(told, within).has_value();
  }

  Cluster cluster_{2};
  WitnessHost witness_{3};
  Voters voters_;
  Member& standby_ = cluster_.node2();
};

TEST_F(TakenGate, KeepsAStandbyFromBeingPromotedUntilItIsBack) {
  const Ended free = hook({"vote", "--within", "10"});
  ASSERT_EQ(free.code, 0) << free.err << describe(standby_) << witness_.log();

  std::optional<TakenTable> taken(std::in_place);
  ASSERT_TRUE(told_that_it_is_taken(limit)) << describe(standby_);
  const std::string promoted = standby_.folder() / "promoted";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"vote", "--within", "1"},
        std::vector<std::string>{"promote", "--within", "1", "--", "/usr/bin/touch", promoted}}) {
    const Ended refused = hook(words);
    EXPECT_EQ(refused.code, 1) << words.front();
    EXPECT_NE(refused.err.find("not promoted: this node may not hold the lease: the client gate (nftables, table inet "
                               "picket) was removed or changed by somebody, and cannot be put back: "),
              std::string::npos)
        << refused.err;
  }
  EXPECT_NE(access(promoted.c_str(), F_OK), 0);

  taken.reset();
  const Ended again = hook({"vote", "--within", "10"});
  EXPECT_EQ(again.code, 0) << again.err << describe(standby_);
}

}  // namespace
}  // namespace picket::test
