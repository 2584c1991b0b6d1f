// The ladder with a (fake) systemd that obeys, denies or hangs, against real servers.
#include <gmock/gmock.h>

#include <csignal>
#include <optional>

#include "fence/ladder.hpp"
#include "fence/server.hpp"
#include "systemd/fake_systemd.hpp"
#include "systemd/private_bus.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using test::FakeSystemd;
using testing::ElementsAre;
using testing::HasSubstr;
using Mood = FakeSystemd::Mood;

class LadderWithSystemd : public testing::Test {
 protected:
  void SetUp() override {
    daemon.start();
    systemd.emplace(loop, daemon.address());
    bus.emplace(loop, daemon.address(), nullptr);
    units.emplace(*bus);
    ladder.emplace(loop, *units, nullptr);
    server.start();
    target = test::target_of(server);
    target.unit = FakeSystemd::unit;
    ASSERT_TRUE(loop.run_until([this] { return bus->connected(); }, 5000ms));
  }
  bool wait_proved() {
    return loop.run_until([this] { return !ladder->climbing(); }, 5000ms) && ladder->progress().phase == "proved";
  }
  std::string outcome_of(const std::string& what) const {
    for (const auto& rung : ladder->progress().rungs)
      if (rung.what == what) return rung.outcome;
    return "no such rung";
  }

  Loop loop;
  test::PrivateBus daemon;
  std::optional<FakeSystemd> systemd;
  std::optional<Bus> bus;
  std::optional<Units> units;
  std::optional<Ladder> ladder;
  test::Throwaway server;
  FenceTarget target;
  const std::string stop = std::string("StopUnit ") + FakeSystemd::unit;
};

TEST_F(LadderWithSystemd, StopNowStopsTheUnitSoThatNobodyRestartsItAndQuitsTheMainProcess) {
  ladder->climb(target, Action::stop_now);
  ASSERT_TRUE(wait_proved()) << ladder->progress().proof;
  ASSERT_TRUE(loop.run_until([this] { return outcome_of(stop) != ""; }, 5000ms));
  EXPECT_EQ(outcome_of(stop), "accepted");
  EXPECT_THAT(systemd->orders,
              ElementsAre(stop + " replace", std::string("KillUnit ") + FakeSystemd::unit + " main 3"));
}

TEST_F(LadderWithSystemd, StopFastAsksOnlyForTheStopOfTheUnit) {
  ladder->climb(target, Action::stop_fast);
  ASSERT_TRUE(wait_proved()) << ladder->progress().proof;
  EXPECT_THAT(systemd->orders, ElementsAre(stop + " replace"));
}

TEST_F(LadderWithSystemd, TheUnitIsKilledWholeWhenTheTimeIsOver) {
  server.freeze();
  bool killed_by_unit = false;
  systemd->on_order = [&](const std::string& order) { killed_by_unit |= order.find(" all 9") != std::string::npos; };
  ladder->climb(target, Action::stop_now);
  ASSERT_TRUE(wait_proved()) << ladder->progress().proof;
  ASSERT_TRUE(loop.run_until([&] { return killed_by_unit; }, 5000ms));
}

TEST_F(LadderWithSystemd, ADeniedStopFallsBackToDirectSignalsWithoutLosingTime) {
  systemd->mood = Mood::denies;
  ladder->climb(target, Action::stop_now);
  ASSERT_TRUE(wait_proved()) << ladder->progress().proof;
  EXPECT_LT(ladder->progress().total, Ladder::now_budget);
  ASSERT_TRUE(loop.run_until([this] { return outcome_of(stop) != ""; }, 5000ms));
  EXPECT_THAT(outcome_of(stop), HasSubstr("AccessDenied"));
  EXPECT_THAT(outcome_of("SIGQUIT directly"), HasSubstr("sent to"));
}

TEST_F(LadderWithSystemd, AHungSystemdCostsNoTime) {
  systemd->mood = Mood::hangs;
  ladder->climb(target, Action::stop_now);
  ASSERT_TRUE(wait_proved()) << ladder->progress().proof;
  EXPECT_LT(ladder->progress().total, Ladder::now_budget);
  ASSERT_TRUE(loop.run_until([this] { return outcome_of(stop) != ""; }, 5000ms));
  EXPECT_THAT(outcome_of(stop), HasSubstr("no answer within 500 ms"));
}

TEST_F(LadderWithSystemd, AServerOutsideTheUnitIsStoppedByTheSignals) {
  // systemd accepts every order and does nothing: the postmaster was started by pg_ctl and is none of its own.
  ladder->climb(target, Action::stop_fast);
  ASSERT_TRUE(wait_proved()) << ladder->progress().proof;
  EXPECT_THAT(outcome_of("SIGINT directly"), HasSubstr("sent to"));
}

}  // namespace
}  // namespace picket
