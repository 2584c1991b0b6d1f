// The way back from isolation, with a stand-in for systemd that starts the server when it is asked to.
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

}  // namespace
}  // namespace picket::test
