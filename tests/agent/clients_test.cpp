// What clients meet when their primary is fenced or withdrawn.
#include <gtest/gtest.h>
#include <sys/inotify.h>

#include "agent/cluster.hpp"
#include "fence/client.hpp"
#include "loop/sources.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{8000};
constexpr char own[] = "127.0.0.1", virtual_one[] = "127.0.0.2";
constexpr char address[] = "address = \"127.0.0.2\"\n";

class Clients : public testing::Test {
 protected:
  Clients() {
    primary_.server().stop();
    primary_.server().setting("listen_addresses = '127.0.0.1,127.0.0.2'");
    primary_.server().start();
  }

  // Returns what `client` meets in the moment in which the gate is closed, from which on the address leaves; "" when it
  // was not closed in time. It wakes with the file, so it does not depend on how quick this machine is.
  std::string when_the_gate_closes(const Client& client) {
    Loop loop;
    std::string met;
    const auto look = [&] {
      if (met.empty() && primary_.gate() == "0") met = client.state();
    };
    const PathWatch watch(loop, primary_.folder() / "run", IN_CLOSE_WRITE | IN_MOVED_TO | IN_MODIFY,
                          [&](uint32_t, const std::string&) { look(); });
    look();
    loop.run_until([&] { return !met.empty(); }, limit);
    return met;
  }

  Cluster cluster_;
  Member& primary_ = cluster_.node1();
};

TEST_F(Clients, OfAnIsolatedPrimaryAreResetBeforeTheGateIsClosed) {
  AgentOptions options{.guard = "fresh = \"1s\"\nsuspect_after = \"1s\"\nisolation_timeout = \"2s\"\n",
                       .keepalived = address};
  primary_.start_agent(options);
  ASSERT_TRUE(primary_.until("R1", limit)) << describe(primary_);
  ASSERT_EQ(primary_.gate(), "1");
  const Client by_virtual(primary_.server(), virtual_one), by_own(primary_.server(), own);
  const Frozen second(cluster_.node2()), third(cluster_.node3());
  EXPECT_EQ(when_the_gate_closes(by_virtual), "reset") << describe(primary_);
  EXPECT_EQ(by_own.state(), "reset");
  ASSERT_TRUE(primary_.until_dead(limit)) << describe(primary_);
  const std::string rung = "cut the sessions on port " + std::to_string(primary_.server().port());
  EXPECT_TRUE(took([&] { return primary_.status()["fence"]["rungs"].dump().find(rung) != std::string::npos; }, limit))
      << primary_.status()["fence"];
}

TEST_F(Clients, OfAPrimaryWithAProvenRivalAreResetByTheAddressAndTerminatedOnTheSocketWhileItLives) {
  // Long enough to look at the server while it is withdrawn and not stopped yet.
  primary_.start_agent({.guard = "stale_confirm = \"20s\"\nconflict_confirm = \"20s\"\n", .keepalived = address});
  ASSERT_TRUE(primary_.until("R1", limit)) << describe(primary_);
  const Client by_virtual(primary_.server(), virtual_one), by_socket(primary_.server(), "");
  Client by_own(primary_.server(), own);
  promote(cluster_.node2());
  follow(cluster_.node3(), cluster_.node2());
  EXPECT_EQ(when_the_gate_closes(by_virtual), "reset") << describe(primary_);
  EXPECT_EQ(primary_.rule(), "R3c");
  EXPECT_TRUE(took([&] { return by_socket.state() == "told"; }, limit)) << by_socket.state() << describe(primary_);
  EXPECT_TRUE(took([&] { return primary_.log().find("UNIX socket: 1 terminated") != std::string::npos; }, limit))
      << describe(primary_);
  EXPECT_NE(primary_.log().find("withdrawn (R3c): 1 client sessions on 127.0.0.2:"), std::string::npos)
      << describe(primary_);
  EXPECT_TRUE(by_own.works()) << "it came by an address that does not leave";
  const Client again(primary_.server(), virtual_one);
  EXPECT_TRUE(took([&] { return again.state() == "reset"; }, limit)) << "the address is not gone yet";
}

TEST_F(Clients, KeepTheirSessionsWhenTheAgentMayNotCutAndItSaysSo) {
  primary_.start_agent({.keepalived = address, .may_cut = false});
  ASSERT_TRUE(primary_.until("R1", limit)) << describe(primary_);
  EXPECT_TRUE(
      took([&] { return primary_.log().find("client sessions cannot be cut: no CAP_NET_ADMIN") != std::string::npos; },
           limit))
      << describe(primary_);
}

}  // namespace
}  // namespace picket::test
