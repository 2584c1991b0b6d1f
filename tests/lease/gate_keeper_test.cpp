// The client gate as the agent drives it, against the real kernel: who opens it, what keeps it open, and what closes
// it.
#include "lease/gate_keeper.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "gate/busy_rules.hpp"
#include "gate/two_hosts.hpp"
#include "lease/keeper.hpp"
#include "loop/sources.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::AllOf, testing::HasSubstr, testing::StartsWith, testing::ThrowsMessage;

constexpr Millis lease_lasts{900};  // a renewal opens for 600 ms

class Keeping : public ServerHost {
 protected:
  void SetUp() override {
    ServerHost::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) start();
  }
  /// A run of the agent.
  void start(Millis lease = lease_lasts) {
    keeper.reset();
    lasts = lease;
    keeper.emplace(loop, client_port, server_port, lease, [this] { ++changes; });
  }
  /// A round of the agent, with a heartbeat acknowledged so long ago. It ends before the kernel has done what it
  /// orders.
  void decide(ClientGate wish, Millis renewed_ago = 0ms) {
    const Instant now = boot_now();
    LeaseFacts lease;
    lease.confirmed = now - renewed_ago;
    lease.valid_until = lease.confirmed + lasts;
    keeper->decided(wish, lease, now);
  }
  /// The same, and what comes of it.
  void round(ClientGate wish, Millis renewed_ago = 0ms) {
    decide(wish, renewed_ago);
    EXPECT_TRUE(loop.run_until([this] { return !keeper->busy(); }, 5000ms));
  }
  void rounds(ClientGate wish, Millis how_long) {
    for (const Instant end = boot_now() + how_long; boot_now() < end; std::this_thread::sleep_for(50ms)) round(wish);
  }
  bool says_open() const { return boot_now() < keeper->view().open_until; }

  Loop loop;
  Millis lasts{0};
  int changes = 0;
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
  start();
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
  lasts = lease_lasts * 2 / 3;  // no time is left for an order that is late
  round(ClientGate::open);
  EXPECT_THAT(keeper->view().problem, HasSubstr("cannot be opened"));
  EXPECT_EQ(keeper->wrong_with_table(), "") << "a late order keeps no node from being promoted";
  round(ClientGate::closed);
  EXPECT_EQ(keeper->view().problem, "");
}

TEST_F(Keeping, IsNotKnownToBeClosedUntilTheKernelHasDoneIt) {
  EXPECT_TRUE(keeper->view().may_be_open) << "by an earlier run";
  decide(ClientGate::closed);
  EXPECT_TRUE(keeper->view().may_be_open) << "ordered only";
  EXPECT_TRUE(loop.run_until([this] { return changes == 1; }, 1000ms)) << "the lease is to be given back at once";
  EXPECT_FALSE(keeper->view().may_be_open);
  round(ClientGate::leave);
  decide(ClientGate::open);
  EXPECT_TRUE(keeper->view().may_be_open) << "from the order on";
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

TEST_F(Keeping, LetsTheLoopGoOnWhileTheKernelIsBusyWithTheRulesOfAnother) {
  round(ClientGate::open);
  Instant beat = boot_now(), free = beat;
  Millis worst{0}, waited{0};
  std::string told;
  Timer heart(loop, [&] {
    const Instant now = boot_now();
    worst = std::max(worst, now - std::exchange(beat, now));
    if (!keeper->busy()) free = now;
    waited = std::max(waited, now - free);
    if (told.empty()) told = keeper->view().problem;
  });
  Timer agent(loop, [this] { decide(ClientGate::open); });
  heart.every(10ms);
  agent.every(50ms);
  BusyRules other;
  EXPECT_TRUE(loop.run_until([&] { return other.over(); }, 60'000ms));
  std::cout << "an order waited for " << waited.count() << " ms, the loop for " << worst.count() << " ms\n";
  EXPECT_GT(waited, GateKeeper::slow) << "the kernel was not busy, and this shows nothing";
  EXPECT_LT(worst, GateKeeper::slow / 2);
  EXPECT_THAT(told, HasSubstr("has not carried out an order"));
  EXPECT_TRUE(loop.run_until([&] { return says_open(); }, 5000ms));
  EXPECT_TRUE(lets_in());
  EXPECT_EQ(keeper->view().problem, "");
}

TEST_F(Keeping, ClosesWhenTheKernelIsFreeAndIsNotTakenForClosedBefore) {
  start(30'000ms);
  round(ClientGate::open);
  BusyRules other;
  const auto kept_waiting = [this] {
    decide(ClientGate::open);
    return !loop.run_until([this] { return !keeper->busy(); }, 300ms);
  };
  while (!kept_waiting()) ASSERT_FALSE(other.over()) << "the kernel was not busy, and this shows nothing";
  for (int i = 0; i < 3; ++i) {
    decide(ClientGate::closed);
    EXPECT_TRUE(keeper->view().may_be_open);
    EXPECT_TRUE(lets_in());
  }
  EXPECT_TRUE(loop.run_until([this] { return !keeper->busy(); }, 60'000ms));
  EXPECT_FALSE(keeper->view().may_be_open);
  EXPECT_FALSE(says_open());
  EXPECT_FALSE(lets_in());
  EXPECT_GT(changes, 0) << "whoever gives the lease back waits for that";
}

TEST_F(Keeping, CarriesOutAnOrderToCloseAtItsEnd) {
  start(30'000ms);
  round(ClientGate::open);
  ASSERT_TRUE(lets_in());
  decide(ClientGate::open, -1ms);
  decide(ClientGate::closed);
  keeper.reset();
  EXPECT_FALSE(lets_in());
}

TEST_F(Keeping, SaysWhyItCannotWork) {
  {
    const WithoutRights now;
    EXPECT_THAT([this] { start(); },
                ThrowsMessage<CannotVote>(AllOf(StartsWith("lease.client_gate: "), HasSubstr("CAP_NET_ADMIN"))));
  }
  keeper.reset();
  nft("delete table inet picket");
  const TakenTable taken;
  try {
    start();
    ADD_FAILURE() << "made over another's table";
  } catch (const CannotVote& error) {
    ADD_FAILURE() << error.what() << ": it would not be tried again";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), StartsWith("lease.client_gate: "));
  }
}

}  // namespace
}  // namespace picket
