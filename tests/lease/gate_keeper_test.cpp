// The client gate as the agent drives it, against the real kernel: who opens it, what keeps it open, and what closes
// it.
#include "lease/gate_keeper.hpp"

#include <gmock/gmock.h>

#include "gate/two_hosts.hpp"
#include "lease/keeper.hpp"
#include "loop/loop.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::AllOf, testing::HasSubstr, testing::StartsWith, testing::ThrowsMessage;

constexpr Millis lease_lasts{900};  // a renewal opens for 600 ms
constexpr int client_port = 6433, server_port = 5432;

class Keeping : public TwoHosts {
 protected:
  void SetUp() override {
    TwoHosts::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    server.emplace(server_port);
    keeper.emplace(client_port, server_port, lease_lasts);
  }
  /// A round of the agent, with a heartbeat acknowledged so long ago.
  void round(ClientGate wish, Millis renewed_ago = 0ms) {
    const Instant now = boot_now();
    LeaseFacts lease;
    lease.confirmed = now - renewed_ago;
    lease.valid_until = lease.confirmed + lease_lasts;
    keeper->decided(wish, lease, now);
  }
  void rounds(ClientGate wish, Millis how_long) {
    for (const Instant end = boot_now() + how_long; boot_now() < end; std::this_thread::sleep_for(50ms)) round(wish);
  }
  bool lets_in() { return Client(*this, Place::there, client_port).echoes(); }
  bool says_open() const { return boot_now() < keeper->view().open_until; }
  static void nft(const std::string& commands) { ASSERT_EQ(std::system(("nft '" + commands + "'").c_str()), 0); }

  std::optional<EchoServer> server;
  std::optional<GateKeeper> keeper;
};

TEST_F(Keeping, OpensForOneThatMayAndIsClosedByItselfWhenNobodyRenewsIt) {
  EXPECT_FALSE(lets_in());
  for (const ClientGate other : {ClientGate::keep, ClientGate::leave, ClientGate::closed}) {
    round(other);
    EXPECT_FALSE(lets_in()) << word(other);
  }
  rounds(ClientGate::open, 1500ms);
  EXPECT_TRUE(says_open());
  EXPECT_TRUE(lets_in());
  rounds(ClientGate::keep, 1500ms);
  EXPECT_TRUE(lets_in());
  std::this_thread::sleep_for(650ms);
  EXPECT_FALSE(says_open());
  EXPECT_FALSE(lets_in());
  round(ClientGate::keep);
  EXPECT_FALSE(lets_in()) << "what has run out is not kept";
  round(ClientGate::open);
  EXPECT_TRUE(lets_in());
}

TEST_F(Keeping, ClosesAtOnceWhenItIsTold) {
  round(ClientGate::open);
  Client client(*this, Place::there, client_port);
  ASSERT_TRUE(client.echoes());
  round(ClientGate::closed);
  EXPECT_FALSE(says_open());
  EXPECT_FALSE(client.echoes(200ms));
}

TEST_F(Keeping, ClosesAtFirstWhatAnEarlierRunLeftOpenOrLeavesIt) {
  round(ClientGate::open);
  keeper.emplace(client_port, server_port, lease_lasts);
  round(ClientGate::leave);
  EXPECT_TRUE(lets_in()) << "a restart costs no session";
  round(ClientGate::closed);
  EXPECT_FALSE(lets_in());
}

TEST_F(Keeping, CountsFromTheHeartbeatThatWasAcknowledgedAndNotFromNow) {
  round(ClientGate::open, 400ms);
  EXPECT_TRUE(lets_in());
  std::this_thread::sleep_for(250ms);
  EXPECT_FALSE(lets_in());
  round(ClientGate::open, 700ms);
  EXPECT_FALSE(lets_in()) << "the lease is valid still, and that is left for orders that are late";
}

TEST_F(Keeping, PutsBackWhatSomebodyRemovesAndOpensItAgain) {
  round(ClientGate::open);
  ASSERT_TRUE(lets_in());
  nft("flush ruleset");
  EXPECT_FALSE(lets_in()) << "without the table nothing listens there";
  std::this_thread::sleep_for(10ms);
  round(ClientGate::open);  // finds out
  round(ClientGate::open);
  EXPECT_TRUE(lets_in());
  EXPECT_EQ(keeper->view().problem, "");
  nft("flush ruleset");
  round(ClientGate::closed);
  round(ClientGate::closed);
  EXPECT_FALSE(lets_in());
  EXPECT_EQ(keeper->view().problem, "");
  // The rules alone: nothing fails, and it is seen within a second.
  nft("flush chain inet picket gate");
  rounds(ClientGate::closed, 1100ms);
  EXPECT_FALSE(lets_in());
}

TEST_F(Keeping, ForgetsWhyItCouldNotBeOpenedWhenNobodyWantsItOpenAnyMore) {
  round(ClientGate::closed);
  {
    const WithoutRights now;
    round(ClientGate::open);
  }
  EXPECT_THAT(keeper->view().problem, HasSubstr("cannot be opened"));
  EXPECT_EQ(keeper->wrong_with_table(), "") << "a late order keeps no node from being promoted";
  round(ClientGate::closed);
  EXPECT_EQ(keeper->view().problem, "");
}

TEST_F(Keeping, IsNotKnownToBeClosedUntilTheKernelHasDoneIt) {
  EXPECT_TRUE(keeper->view().may_be_open) << "by an earlier run";
  round(ClientGate::closed);
  EXPECT_FALSE(keeper->view().may_be_open);
  round(ClientGate::open);
  EXPECT_TRUE(keeper->view().may_be_open);
  {
    const WithoutRights now;
    round(ClientGate::closed);
  }
  EXPECT_TRUE(keeper->view().may_be_open);
  EXPECT_TRUE(lets_in());
  EXPECT_THAT(keeper->wrong_with_table(), HasSubstr("cannot be looked at")) << "and nobody is accused";
  EXPECT_EQ(keeper->view().problem, keeper->wrong_with_table());
  round(ClientGate::closed);
  EXPECT_FALSE(keeper->view().may_be_open);
  EXPECT_FALSE(lets_in());
  rounds(ClientGate::closed, 1100ms);
  EXPECT_EQ(keeper->view().problem, "");
}

TEST_F(Keeping, SaysWhyItCannotWork) {
  {
    const WithoutRights now;
    EXPECT_THAT([] { GateKeeper(client_port, server_port, lease_lasts); },
                ThrowsMessage<CannotVote>(AllOf(StartsWith("lease.client_gate: "), HasSubstr("CAP_NET_ADMIN"))));
  }
  keeper.reset();
  nft("delete table inet picket");
  const TakenTable taken;
  try {
    GateKeeper(client_port, server_port, lease_lasts);
    ADD_FAILURE() << "made over another's table";
  } catch (const CannotVote& error) {
    ADD_FAILURE() << error.what() << ": it would not be tried again";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), StartsWith("lease.client_gate: "));
  }
}

}  // namespace
}  // namespace picket
