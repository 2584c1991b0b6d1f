#include "systemd/units.hpp"

#include <gmock/gmock.h>

#include <optional>

#include "systemd/fake_systemd.hpp"
#include "systemd/private_bus.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using test::FakeSystemd;
using test::PrivateBus;
using testing::ElementsAre;
using testing::HasSubstr;

class UnitsTest : public testing::Test {
 protected:
  void SetUp() override {
    daemon.start();
    systemd.emplace(loop, daemon.address());
    bus.emplace(loop, daemon.address(), nullptr);
    units.emplace(*bus);
    ASSERT_TRUE(wait([&] { return bus->connected(); }));
  }
  bool wait(const std::function<bool()>& done, Millis limit = 5000ms) { return loop.run_until(done, limit); }
  Units::Done into(std::optional<std::string>& result) {
    return [&result](const std::string& text) { result = text; };
  }

  Loop loop;
  PrivateBus daemon;
  std::optional<FakeSystemd> systemd;
  std::optional<Bus> bus;
  std::optional<Units> units;
};

TEST_F(UnitsTest, OrdersCarryTheirArguments) {
  std::optional<std::string> a, b, c, d;
  units->stop_unit("x.service", "replace", into(a));
  units->kill_unit("x.service", "all", SIGKILL, into(b));
  units->reset_failed("x.service", into(c));
  units->start_unit("x.service", into(d));
  ASSERT_TRUE(wait([&] { return a && b && c && d; }));
  EXPECT_EQ(*a + *b + *c + *d, "");
  EXPECT_THAT(systemd->orders, ElementsAre("StopUnit x.service replace", "KillUnit x.service all 9",
                                           "ResetFailedUnit x.service", "StartUnit x.service replace"));
}

TEST_F(UnitsTest, TheEndOfAJobIsTold) {
  std::optional<std::string> accepted, ended;
  units->stop_unit(FakeSystemd::unit, "replace", into(accepted), into(ended));
  ASSERT_TRUE(wait([&] { return accepted.has_value(); }));
  EXPECT_FALSE(ended);
  systemd->emit_job_removed(99, "failed");  // somebody else's
  systemd->emit_job_removed(100, "done");
  ASSERT_TRUE(wait([&] { return ended.has_value(); }));
  EXPECT_EQ(*ended, "done");
}

TEST_F(UnitsTest, AJobMayEndBeforeItsNumberIsKnown) {
  systemd->subscribed = true;
  systemd->job_ends_before_reply = true;
  std::optional<std::string> accepted, ended;
  units->start_unit(FakeSystemd::unit, into(accepted), into(ended));
  ASSERT_TRUE(wait([&] { return accepted && ended; }));
  EXPECT_EQ(*ended, "done");
}

TEST_F(UnitsTest, ADeniedOrderSaysSoAndStartsNoJob) {
  systemd->mood = FakeSystemd::Mood::denies;
  std::optional<std::string> accepted, ended;
  units->stop_unit(FakeSystemd::unit, "replace", into(accepted), into(ended));
  ASSERT_TRUE(wait([&] { return accepted.has_value(); }));
  EXPECT_THAT(*accepted, HasSubstr("AccessDenied"));
  EXPECT_FALSE(ended);
}

TEST_F(UnitsTest, TheJobOfALostConnectionEndsUnknown) {
  std::optional<std::string> accepted, ended;
  units->stop_unit(FakeSystemd::unit, "replace", into(accepted), into(ended));
  ASSERT_TRUE(wait([&] { return accepted.has_value(); }));
  daemon.stop();
  ASSERT_TRUE(wait([&] { return ended.has_value(); }));
  EXPECT_THAT(*ended, HasSubstr("unknown: D-Bus"));
  std::optional<std::string> refused;
  units->kill_unit(FakeSystemd::unit, "all", SIGKILL, into(refused));
  ASSERT_TRUE(wait([&] { return refused.has_value(); }, 200ms));
  EXPECT_NE(*refused, "");
}

TEST_F(UnitsTest, AHungManagerEndsAnOrderAfterHalfASecond) {
  systemd->mood = FakeSystemd::Mood::hangs;
  std::optional<std::string> result;
  const Instant begin = boot_now();
  units->kill_unit(FakeSystemd::unit, "all", SIGKILL, into(result));
  ASSERT_TRUE(wait([&] { return result.has_value(); }, 700ms));
  EXPECT_GE(boot_now() - begin, 490ms);
  EXPECT_NE(*result, "");
}

}  // namespace
}  // namespace picket
