#include "systemd/bus.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <optional>

#include "loop/sources.hpp"
#include "systemd/fake_systemd.hpp"
#include "systemd/private_bus.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using test::FakeSystemd;
using test::PrivateBus;
using testing::HasSubstr;

constexpr char manager_path[] = "/org/freedesktop/systemd1";
constexpr char manager[] = "org.freedesktop.systemd1.Manager";

struct Outcome {
  int count = 0;
  bool replied = false;
  std::string error;
};

class BusTest : public testing::Test {
 protected:
  void ask(Bus& bus, Outcome& outcome, const Lifetime& asker) {
    bus.call(
        asker.watch(), manager_path, manager, "ResetFailedUnit",
        [](sd_bus_message* m) { return sd_bus_message_append(m, "s", FakeSystemd::unit); },
        [&outcome](sd_bus_message* reply, const std::string& error) {
          ++outcome.count;
          outcome.replied = reply != nullptr;
          outcome.error = error;
        });
  }
  bool wait(const std::function<bool()>& done, Millis limit = 5000ms) { return loop.run_until(done, limit); }

  Loop loop;
  PrivateBus daemon;
  Lifetime owner;
};

TEST_F(BusTest, ConnectsAndCallsAreAnswered) {
  daemon.start();
  FakeSystemd systemd(loop, daemon.address());
  int changes = 0;
  Bus bus(loop, daemon.address(), [&] { ++changes; });
  EXPECT_FALSE(bus.connected());
  ASSERT_TRUE(wait([&] { return bus.connected(); }));
  EXPECT_EQ(bus.why_not(), "");
  EXPECT_EQ(changes, 1);
  Outcome outcome;
  ask(bus, outcome, owner);
  EXPECT_EQ(outcome.count, 0) << "the reply came inside the call";
  ASSERT_TRUE(wait([&] { return outcome.count > 0; }));
  EXPECT_TRUE(outcome.replied) << outcome.error;
}

TEST_F(BusTest, SaysWhyThereIsNoneAndConnectsOnceThereIs) {
  Bus bus(loop, daemon.address(), {});
  Outcome outcome;
  ask(bus, outcome, owner);
  ASSERT_TRUE(wait([&] { return outcome.count > 0; }));
  EXPECT_FALSE(outcome.replied);
  EXPECT_THAT(outcome.error, HasSubstr("No such file or directory"));
  EXPECT_THAT(bus.why_not(), HasSubstr("D-Bus: connect: No such file or directory"));
  daemon.start();
  EXPECT_TRUE(wait([&] { return bus.connected(); }, 1500ms));
}

TEST_F(BusTest, ReconnectsByItselfAndPendingCallsEndWhenTheBusDies) {
  daemon.start();
  std::optional<FakeSystemd> systemd(std::in_place, loop, daemon.address());
  Bus bus(loop, daemon.address(), {});
  int heard = 0, turned = 0;
  bus.on_signal(owner.watch(), manager_path, manager, "JobRemoved", [&](sd_bus_message*) { ++heard; });
  bus.on_connection(owner.watch(), [&] { ++turned; });
  ASSERT_TRUE(wait([&] { return bus.connected(); }));
  systemd->mood = FakeSystemd::Mood::hangs;
  Outcome outcome;
  ask(bus, outcome, owner);
  const Instant killed = boot_now();
  daemon.stop();
  ASSERT_TRUE(wait([&] { return outcome.count > 0; }));
  EXPECT_LT(boot_now() - killed, 200ms) << "waited for the timeout instead of the end of the connection";
  EXPECT_NE(outcome.error, "");
  ASSERT_TRUE(wait([&] { return !bus.connected(); }));
  EXPECT_THAT(bus.why_not(), HasSubstr("closed"));
  systemd.reset();
  daemon.start();
  ASSERT_TRUE(wait([&] { return bus.connected(); }));
  EXPECT_EQ(turned, 3);
  systemd.emplace(loop, daemon.address());
  systemd->subscribed = true;
  Outcome second;
  ask(bus, second, owner);  // when it is answered, the match rules sent before it hold
  ASSERT_TRUE(wait([&] { return second.replied; }));
  systemd->emit_job_removed(1, "done");
  EXPECT_TRUE(wait([&] { return heard == 1; })) << "signals are lost after a reconnect";
}

TEST_F(BusTest, ACallEndsAfterHalfASecondWhenTheManagerHangsAndTheLoopGoesOn) {
  daemon.start();
  FakeSystemd systemd(loop, daemon.address());
  Bus bus(loop, daemon.address(), {});
  ASSERT_TRUE(wait([&] { return bus.connected(); }));
  systemd.mood = FakeSystemd::Mood::hangs;
  Instant last = boot_now();
  Millis longest{0};
  Timer pulse(loop, [&] {
    longest = std::max(longest, boot_now() - last);
    last = boot_now();
  });
  pulse.every(10ms);
  Outcome outcome;
  const Instant begin = boot_now();
  ask(bus, outcome, owner);
  ASSERT_TRUE(wait([&] { return outcome.count > 0; }));
  EXPECT_GE(boot_now() - begin, 490ms);
  EXPECT_LT(boot_now() - begin, 600ms);
  EXPECT_LT(longest, 150ms);
  EXPECT_EQ(outcome.error, "D-Bus: ResetFailedUnit: no answer within 500 ms");
  EXPECT_TRUE(bus.connected());
  systemd.mood = FakeSystemd::Mood::answers;
  Outcome second;
  ask(bus, second, owner);
  EXPECT_TRUE(wait([&] { return second.replied; }));
}

TEST_F(BusTest, AFrozenDaemonIsNoConnectionAndItsThawIsOne) {
  daemon.start();
  daemon.freeze();
  Bus bus(loop, daemon.address(), {});
  ASSERT_TRUE(wait([&] { return bus.why_not().find("handshake") != std::string::npos; }));
  EXPECT_FALSE(bus.connected());
  daemon.thaw();
  EXPECT_TRUE(wait([&] { return bus.connected(); }));
}

TEST_F(BusTest, TellsTheErrorOfTheOtherSideByName) {
  daemon.start();
  FakeSystemd systemd(loop, daemon.address());
  systemd.mood = FakeSystemd::Mood::denies;
  Bus bus(loop, daemon.address(), {});
  ASSERT_TRUE(wait([&] { return bus.connected(); }));
  Outcome outcome;
  ask(bus, outcome, owner);
  ASSERT_TRUE(wait([&] { return outcome.count > 0; }));
  EXPECT_EQ(outcome.error, "D-Bus: ResetFailedUnit: Permission denied (org.freedesktop.DBus.Error.AccessDenied)");
}

TEST_F(BusTest, AnAbsentManagerIsAnErrorAtOnce) {
  daemon.start();
  Bus bus(loop, daemon.address(), {});
  ASSERT_TRUE(wait([&] { return bus.connected(); }));
  Outcome outcome;
  const Instant begin = boot_now();
  ask(bus, outcome, owner);
  ASSERT_TRUE(wait([&] { return outcome.count > 0; }));
  EXPECT_LT(boot_now() - begin, 400ms);
  EXPECT_THAT(outcome.error, HasSubstr("org.freedesktop.systemd1"));
}

TEST_F(BusTest, AnswersNobodyWhoIsGone) {
  daemon.start();
  FakeSystemd systemd(loop, daemon.address());
  Bus bus(loop, daemon.address(), {});
  ASSERT_TRUE(wait([&] { return bus.connected(); }));
  Outcome gone, stays;
  {
    Lifetime short_lived;
    ask(bus, gone, short_lived);
  }
  ask(bus, stays, owner);
  ASSERT_TRUE(wait([&] { return stays.count > 0; }));
  EXPECT_EQ(gone.count, 0);
}

TEST_F(BusTest, MayBeDestroyedByAReplyAndByItsOwnNews) {
  daemon.start();
  FakeSystemd systemd(loop, daemon.address());
  std::unique_ptr<Bus> bus;
  bool by_news = false;
  bus = std::make_unique<Bus>(loop, daemon.address(), [&] {
    bus.reset();
    by_news = true;
  });
  ASSERT_TRUE(wait([&] { return by_news; }));
  bus = std::make_unique<Bus>(loop, daemon.address(), nullptr);
  ASSERT_TRUE(wait([&] { return bus->connected(); }));
  bool by_reply = false;
  bus->call(owner.watch(), manager_path, manager, "Subscribe", {}, [&](sd_bus_message*, const std::string&) {
    bus.reset();
    by_reply = true;
  });
  EXPECT_TRUE(wait([&] { return by_reply; }));
}

}  // namespace
}  // namespace picket
