#include "systemd/unit.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "systemd/fake_systemd.hpp"
#include "systemd/private_bus.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using test::FakeSystemd;
using test::PrivateBus;
using testing::HasSubstr;

class UnitTest : public testing::Test {
 protected:
  void SetUp() override {
    daemon.start();
    systemd.emplace(loop, daemon.address());
  }
  bool wait(const std::function<bool()>& done, Millis limit = 5000ms) { return loop.run_until(done, limit); }

  Loop loop;
  PrivateBus daemon;
  std::optional<FakeSystemd> systemd;
  Lifetime owner;
};

TEST_F(UnitTest, IsUnknownWithAReasonUntilSystemdHasAnswered) {
  Bus bus(loop, daemon.address(), {});
  UnitWatch unit(loop, bus, FakeSystemd::unit, {});
  EXPECT_FALSE(unit.facts().known);
  EXPECT_NE(unit.facts().why_unknown, "");
  EXPECT_EQ(unit.facts().name, FakeSystemd::unit);
  ASSERT_TRUE(wait([&] { return unit.facts().known; }));
  EXPECT_EQ(unit.facts().active_state, "active");
  EXPECT_EQ(unit.facts().sub_state, "running");
  EXPECT_EQ(unit.facts().job, "");
  EXPECT_EQ(unit.facts().control_group, systemd->control_group);
  EXPECT_TRUE(systemd->subscribed);
}

TEST_F(UnitTest, SeesAChangeAndAQueuedJobSoonerThanTheNextLook) {
  Bus bus(loop, daemon.address(), {});
  int changes = 0;
  UnitWatch unit(loop, bus, FakeSystemd::unit, [&] { ++changes; });
  ASSERT_TRUE(wait([&] { return unit.facts().known; }));
  changes = 0;
  systemd->active_state = "deactivating";
  systemd->sub_state = "stop";
  systemd->job = 7;
  const Instant begin = boot_now();
  systemd->emit_properties_changed();
  ASSERT_TRUE(wait([&] { return unit.facts().active_state == "deactivating"; }));
  EXPECT_LT(boot_now() - begin, 500ms);
  EXPECT_EQ(unit.facts().sub_state, "stop");
  EXPECT_EQ(unit.facts().job, "stop");
  EXPECT_EQ(changes, 1);
}

TEST_F(UnitTest, SeesAChangeWithoutASignalWithinTwoSeconds) {
  Bus bus(loop, daemon.address(), {});
  UnitWatch unit(loop, bus, FakeSystemd::unit, {});
  ASSERT_TRUE(wait([&] { return unit.facts().known; }));
  systemd->active_state = "failed";
  EXPECT_TRUE(wait([&] { return unit.facts().active_state == "failed"; }, 2500ms));
}

TEST_F(UnitTest, AJobThatEndsBetweenTwoQuestionsIsNone) {
  systemd->job = 8;  // its object does not exist
  Bus bus(loop, daemon.address(), {});
  UnitWatch unit(loop, bus, FakeSystemd::unit, {});
  ASSERT_TRUE(wait([&] { return unit.facts().known; }));
  EXPECT_EQ(unit.facts().job, "");
}

TEST_F(UnitTest, BecomesUnknownWhenSystemdHangsAndKnownWhenItAnswersAgain) {
  Bus bus(loop, daemon.address(), {});
  UnitWatch unit(loop, bus, FakeSystemd::unit, {});
  ASSERT_TRUE(wait([&] { return unit.facts().known; }));
  systemd->mood = FakeSystemd::Mood::hangs;
  unit.look_now();
  ASSERT_TRUE(wait([&] { return !unit.facts().known; }, 700ms));
  EXPECT_THAT(unit.facts().why_unknown, HasSubstr("GetAll"));
  systemd->mood = FakeSystemd::Mood::answers;
  EXPECT_TRUE(wait([&] { return unit.facts().known; }, 2500ms));
}

TEST_F(UnitTest, BecomesUnknownWithTheBusAndSubscribesAgainToTheNextSystemd) {
  Bus bus(loop, daemon.address(), {});
  UnitWatch unit(loop, bus, FakeSystemd::unit, {});
  ASSERT_TRUE(wait([&] { return unit.facts().known; }));
  systemd.reset();
  daemon.stop();
  ASSERT_TRUE(wait([&] { return !unit.facts().known; }, 1000ms));
  EXPECT_THAT(unit.facts().why_unknown, HasSubstr("D-Bus"));
  daemon.start();
  systemd.emplace(loop, daemon.address());
  systemd->active_state = "inactive";
  ASSERT_TRUE(wait([&] { return unit.facts().known; }));
  EXPECT_EQ(unit.facts().active_state, "inactive");
  EXPECT_TRUE(systemd->subscribed);
}

TEST_F(UnitTest, AUnitThatIsNotThereIsUnknownAndNotInactive) {
  Bus bus(loop, daemon.address(), {});
  UnitWatch unit(loop, bus, FakeSystemd::absent_unit, {});
  ASSERT_TRUE(wait([&] { return unit.facts().why_unknown == "systemd knows no unit nowhere.service"; }));
  EXPECT_FALSE(unit.facts().known);
}

TEST_F(UnitTest, MayBeDestroyedByItsOwnNews) {
  Bus bus(loop, daemon.address(), {});
  std::unique_ptr<UnitWatch> unit;
  bool told = false;
  unit = std::make_unique<UnitWatch>(loop, bus, FakeSystemd::unit, [&] {
    if (!unit || !unit->facts().known) return;
    unit.reset();
    told = true;
  });
  ASSERT_TRUE(wait([&] { return told; }));
  systemd->emit_properties_changed();
  wait([] { return false; }, 50ms);
}

TEST_F(UnitTest, IsFoundByTheProcess) {
  Bus bus(loop, daemon.address(), {});
  ASSERT_TRUE(wait([&] { return bus.connected(); }));
  std::string found, why;
  const auto ask = [&](int pid) {
    bool answered = false;
    find_unit_of(bus, owner.watch(), pid, [&](const std::string& name, const std::string& error) {
      found = name;
      why = error;
      answered = true;
    });
    return wait([&] { return answered; });
  };
  ASSERT_TRUE(ask(getpid()));
  EXPECT_EQ(found, FakeSystemd::unit) << why;

  // Nobody's process: neither systemd nor /proc can tell.
  const int child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(ask(child));
  EXPECT_EQ(found, "");
  EXPECT_THAT(why, HasSubstr("/cgroup: cannot be read"));
}

}  // namespace
}  // namespace picket
