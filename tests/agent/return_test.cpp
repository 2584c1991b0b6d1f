// The way back from isolation and from a crash, with a stand-in for systemd that starts the server when it is asked to.
#include <gtest/gtest.h>

#include "agent/cluster.hpp"
#include "systemd/fake_systemd.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{8000};

// A dbus-daemon that lets in user postgres as well as root.
class SystemBus {
 public:
  SystemBus() : address_("unix:path=" + folder_ / "bus") {
    write_text(folder_ / "bus.conf", "<busconfig><type>system</type><listen>" + address_ +
                                         "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow user=\"*\"/>"
                                         "<allow send_destination=\"*\"/><allow receive_sender=\"*\"/>"
                                         "<allow own=\"*\"/></policy></busconfig>");
    daemon_ = std::make_unique<Child>(
        std::vector<std::string>{"/usr/bin/dbus-daemon", "--config-file=" + folder_ / "bus.conf", "--nofork",
                                 "--nopidfile", "--print-address"},
        "postgres", folder_ / "daemon");
    if (!took([this] { return !daemon_->out().empty(); }, Millis{5000}))  // it listens
      throw std::runtime_error("dbus-daemon: " + daemon_->err());
  }
  const std::string& address() const { return address_; }

 private:
  Folder folder_;
  std::string address_;
  std::unique_ptr<Child> daemon_;
};

TEST(IsolatedPrimary, IsStartedAgainWhenAMajorityShowsThatNobodyWasPromoted) {
  Cluster cluster;
  Member& primary = cluster.node1();
  const SystemBus bus;
  Loop loop;
  FakeSystemd systemd(loop, bus.address());
  systemd.control_group = "/picket-test-nowhere";  // never one of this machine's
  systemd.on_order = [&](const std::string& order) {
    if (!order.starts_with("StartUnit")) return;
    primary.server().stop("immediate");  // reaps it
    primary.server().start_only();
  };
  const auto rule = [&](const std::string& wanted) {
    return loop.run_until([&] { return primary.rule() == wanted; }, limit);
  };

  primary.launch_agent({.guard = "fresh = \"1s\"\nsuspect_after = \"1s\"\nisolation_timeout = \"2s\"\n"
                                 "return_stable = \"500ms\"\n",
                        .postgresql = std::string("unit = \"") + FakeSystemd::unit + "\"\n",
                        .bus = bus.address()});
  ASSERT_TRUE(rule("R1")) << describe(primary);
  EXPECT_EQ(primary.status()["local"]["unit"]["active_state"], "active");
  {
    const Frozen second(cluster.node2()), third(cluster.node3());
    ASSERT_TRUE(loop.run_until([&] { return primary.until_dead(Millis{0}).has_value(); }, limit)) << describe(primary);
    ASSERT_TRUE(rule("R2h")) << describe(primary);
    EXPECT_TRUE(primary.is_marked("isolated")) << primary.marker();
  }
  const Instant thawed = boot_now();
  ASSERT_TRUE(rule("R1")) << describe(primary);
  measured("standbys answer until R1 again (return_stable 500 ms)", boot_now() - thawed);
  EXPECT_TRUE(took([&] { return !primary.has_marker(); }, Millis{2000})) << primary.marker();
  EXPECT_EQ(primary.gate(), "1");
  const std::string unit = FakeSystemd::unit;
  EXPECT_EQ(std::ranges::count(systemd.orders, "StartUnit " + unit + " replace"), 1);
  EXPECT_GE(std::ranges::count(systemd.orders, "StopUnit " + unit + " replace"), 1) << "the fence asks systemd too";
  EXPECT_EQ(primary.log().find("picketd: R2 "), std::string::npos) << "the new start is not stopped\n" << primary.log();
}

// node1 is the confirmed primary of a cluster in which systemd starts it when asked to.
class CrashedPrimary : public testing::Test {
 protected:
  CrashedPrimary() {
    systemd_.control_group = "/picket-test-nowhere";
    systemd_.on_order = [this](const std::string& order) {
      if (order.starts_with("StartUnit")) primary_.server().start_only();
    };
    primary_.launch_agent({.postgresql = std::string("unit = \"") + FakeSystemd::unit + "\"\n", .bus = bus_.address()});
    EXPECT_TRUE(until("R1")) << describe(primary_);
  }
  bool until(const std::string& rule) {
    return loop_.run_until(
        [&] {
          gate_closed_ |= primary_.gate() == "0";
          return primary_.rule() == rule;
        },
        limit);
  }
  long starts() const {
    return std::ranges::count(systemd_.orders, std::string("StartUnit ") + FakeSystemd::unit + " replace");
  }

  Cluster cluster_;
  Member& primary_ = cluster_.node1();
  const SystemBus bus_;
  Loop loop_;
  FakeSystemd systemd_{loop_, bus_.address()};
  bool gate_closed_ = false;
};

TEST_F(CrashedPrimary, IsStartedAgainInPlaceWhileTheAddressWaits) {
  gate_closed_ = false;
  const Instant killed = boot_now();
  primary_.server().kill9();
  ASSERT_TRUE(loop_.run_until([&] { return starts() > 0; }, limit)) << describe(primary_);
  ASSERT_TRUE(until("R1")) << describe(primary_);
  measured("kill -9 of the postmaster until R1 again", boot_now() - killed);
  EXPECT_LE(starts(), 2) << "one that takes long is ordered again";
  EXPECT_FALSE(gate_closed_) << "the address did not wait\n" << primary_.log();
  EXPECT_NE(primary_.log().find("R10c the primary's postmaster has crashed"), std::string::npos) << primary_.log();
  EXPECT_EQ(primary_.server().sql("SELECT timeline_id FROM pg_control_checkpoint()"), "1");
  EXPECT_FALSE(primary_.has_marker());
}

TEST_F(CrashedPrimary, IsNotWhoWasShutDown) {
  primary_.server().stop("immediate");
  ASSERT_TRUE(until("R10")) << describe(primary_);
  EXPECT_TRUE(loop_.run_until([&] { return primary_.gate() == "0"; }, limit)) << "the address does not wait for it";
  EXPECT_FALSE(loop_.run_until([&] { return starts() > 0; }, Millis{1000})) << describe(primary_);
}

TEST_F(CrashedPrimary, InMaintenanceIsLeftToWhoWorksOnIt) {
  EXPECT_EQ(primary_.picket({"maintenance", "on", "--reason", "a new disk"}).code, 0);
  primary_.server().kill9();
  ASSERT_TRUE(until("R10")) << describe(primary_);
  EXPECT_FALSE(loop_.run_until([&] { return starts() > 0; }, Millis{1500})) << describe(primary_);
  EXPECT_FALSE(primary_.has_marker());
}

}  // namespace
}  // namespace picket::test
