// The client gate against the real kernel, in network namespaces made by the tests. A server that answers stands for
// PostgreSQL; its clients are on this host and on another one.
#include "gate/gate_table.hpp"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "gate/two_hosts.hpp"
#include "loop/loop.hpp"
#include "netlink/sockets.hpp"

// The clock as the gate reads it: a test may send it to sleep between reading the clock and acting on it.
namespace {
picket::Millis sleep_after_reading{0};
}
picket::Instant real_boot_now() asm("__real__ZN6picket8boot_nowEv");
picket::Instant wrapped_boot_now() asm("__wrap__ZN6picket8boot_nowEv");
picket::Instant wrapped_boot_now() {
  const picket::Instant now = real_boot_now();
  std::this_thread::sleep_for(sleep_after_reading);
  return now;
}

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::HasSubstr;

class Gate : public ServerHost {
 protected:
  void open(GateTable& gate, Millis life, Millis lease = 5000ms) {
    const Instant now = real_boot_now();
    ASSERT_EQ(gate.open(now + life, now + lease), "");
  }
  static long retransmitted() {
    std::ifstream file("/proc/thread-self/net/snmp");
    std::string word;
    std::vector<std::string> names;
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("Tcp:")) continue;
      std::istringstream words(line);
      std::vector<std::string> row{std::istream_iterator<std::string>(words), {}};
      if (names.empty()) {
        names = row;
        continue;
      }
      return std::stol(row[static_cast<size_t>(std::ranges::find(names, "RetransSegs") - names.begin())]);
    }
    return -1;
  }
};

TEST_F(Gate, IsClosedUntilItIsOpenedAndTellsWhoKnocks) {
  GateTable gate(client_port, server_port);
  for (const Place place : {Place::here, Place::there, Place::here_ipv6}) {
    Client client(*this, place, client_port);
    EXPECT_EQ(client.error(), ECONNREFUSED) << word(place);
    EXPECT_LT(client.took(), 500ms) << word(place);
  }
}

TEST_F(Gate, LetsClientsThroughWhileItIsOpen) {
  GateTable gate(client_port, server_port);
  open(gate, 3000ms);
  for (const Place place : {Place::here, Place::there, Place::here_ipv6}) {
    Client client(*this, place, client_port);
    ASSERT_EQ(client.error(), 0) << word(place);
    EXPECT_TRUE(client.echoes()) << word(place);
  }
}

TEST_F(Gate, LeavesTheServersOwnPortAlone) {
  GateTable gate(client_port, server_port);
  for (const Place place : {Place::here, Place::there}) EXPECT_TRUE(Client(*this, place, server_port).echoes());
}

TEST_F(Gate, LeavesConnectionsToTheGateOfAnotherHostAlone) {
  GateTable gate(client_port, server_port);
  const EchoServer other = elsewhere([] { return EchoServer(client_port); });
  Client client(*this, Place::to_the_other, client_port);
  ASSERT_EQ(client.error(), 0);
  EXPECT_TRUE(client.echoes());
}

TEST_F(Gate, ClosesByItselfForHeldSessionsInBothDirections) {
  GateTable gate(client_port, server_port);
  open(gate, 500ms);
  Client here(*this, Place::here, client_port), there(*this, Place::there, client_port);
  ASSERT_TRUE(here.echoes());
  ASSERT_TRUE(there.echoes());
  std::this_thread::sleep_for(550ms);
  const size_t heard = server->heard();
  here.send("a");
  there.send("b");
  server->say("c");  // to everybody: the answer to what was asked before
  EXPECT_EQ(here.receive(300ms), "");
  EXPECT_EQ(there.receive(300ms), "");
  EXPECT_EQ(server->heard(), heard);
  // They stood still: when it opens again they go on, and nothing is lost.
  open(gate, 3000ms);
  EXPECT_THAT(here.receive(2000ms, 2), testing::UnorderedElementsAre('a', 'c'));
  EXPECT_THAT(there.receive(2000ms, 2), testing::UnorderedElementsAre('b', 'c'));
}

TEST_F(Gate, IsClosedAtOnceByOrder) {
  GateTable gate(client_port, server_port);
  open(gate, 3000ms);
  Client client(*this, Place::there, client_port);
  ASSERT_TRUE(client.echoes());
  EXPECT_EQ(gate.close(), "");
  client.send("a");
  EXPECT_EQ(client.receive(300ms), "");
  EXPECT_EQ(Client(*this, Place::there, client_port).error(), ECONNREFUSED);
}

TEST_F(Gate, ClosesWhenWhoeverKeepsItOpenIsFrozen) {
  GateTable gate(client_port, server_port);
  const pid_t keeper = fork();
  if (keeper == 0) {
    GateTable mine(client_port, server_port);
    for (;;) {
      const Instant now = real_boot_now();
      mine.open(now + 500ms, now + 1000ms);
      std::this_thread::sleep_for(100ms);
    }
  }
  std::this_thread::sleep_for(200ms);
  Client client(*this, Place::there, client_port);
  ASSERT_TRUE(client.echoes());
  std::this_thread::sleep_for(800ms);
  ASSERT_TRUE(client.echoes()) << "not kept open";
  kill(keeper, SIGSTOP);
  const Instant frozen = real_boot_now();
  Instant last = frozen;
  while (real_boot_now() - frozen < 1500ms)
    if (client.echoes(100ms)) last = real_boot_now();
  EXPECT_LT(last - frozen, 700ms);
  kill(keeper, SIGCONT);
  EXPECT_TRUE(client.echoes(2000ms));
  kill(keeper, SIGKILL);
  waitpid(keeper, nullptr, 0);
}

TEST_F(Gate, IsNotOpenedByAnOrderThatComesTooLate) {
  GateTable gate(client_port, server_port);
  sleep_after_reading = 700ms;
  const Instant now = real_boot_now();
  EXPECT_THAT(gate.open(now + 300ms, now + 600ms), HasSubstr("the order came too late"));
  sleep_after_reading = 0ms;
  EXPECT_EQ(Client(*this, Place::here, client_port).error(), ECONNREFUSED);
  // One that is late and still in time closes before the latest moment that was allowed.
  sleep_after_reading = 200ms;
  const Instant then = real_boot_now();
  ASSERT_EQ(gate.open(then + 300ms, then + 600ms), "");
  sleep_after_reading = 0ms;
  EXPECT_EQ(Client(*this, Place::here, client_port).error(), 0);
  std::this_thread::sleep_until(std::chrono::steady_clock::now() + (then + 600ms - real_boot_now()));
  EXPECT_EQ(Client(*this, Place::here, client_port).error(), ECONNREFUSED);
}

TEST_F(Gate, LosesNoPacketWhileItIsKeptOpen) {
  GateTable gate(client_port, server_port);
  open(gate, 2000ms);
  Client here(*this, Place::here, client_port), there(*this, Place::there, client_port);
  const long before = retransmitted();
  ASSERT_GE(before, 0);
  std::atomic<bool> over = false;
  std::atomic<int> rounds = 0;
  std::thread talk([&] {
    for (; !over; ++rounds)
      if (!here.echoes() || !there.echoes()) break;
  });
  int renewed = 0;
  Millis worst{0}, total{0};
  const Instant begin = real_boot_now();
  for (; real_boot_now() - begin < 3000ms; ++renewed) {
    const auto start = std::chrono::steady_clock::now();
    open(gate, 2000ms);
    const auto took = std::chrono::steady_clock::now() - start;
    worst = std::max(worst, std::chrono::duration_cast<Millis>(took));
    std::this_thread::sleep_for(2ms);
  }
  total = real_boot_now() - begin;
  over = true;
  talk.join();
  EXPECT_EQ(retransmitted(), before) << "of " << rounds << " rounds, the gate renewed " << renewed << " times";
  EXPECT_GT(rounds, 1000);
  std::cout << rounds << " rounds, " << renewed << " renewals in " << total.count() << " ms, the worst "
            << worst.count() << " ms\n";
}

TEST_F(Gate, LetsTheResetsOfACutSessionOutWhenItIsClosed) {
  GateTable gate(client_port, server_port);
  open(gate, 3000ms);
  Client here(*this, Place::here, client_port), there(*this, Place::there, client_port);
  ASSERT_TRUE(here.echoes() && there.echoes());
  ASSERT_EQ(gate.close(), "");
  SessionCutter cutter;
  EXPECT_EQ(cutter.cut(server_port, "", {}).cut, 2U);
  EXPECT_TRUE(here.was_reset(500ms));
  EXPECT_TRUE(there.was_reset(500ms));
}

TEST_F(Gate, IsPutBackWhenSomebodyRemovedOrChangedIt) {
  GateTable gate(client_port, server_port);
  bool mended = true;
  EXPECT_EQ(gate.mend(mended), "");
  EXPECT_FALSE(mended) << "as it was made";
  open(gate, 3000ms);
  nft("add table inet somebodys");
  EXPECT_EQ(gate.mend(mended), "");
  EXPECT_FALSE(mended) << "what is open, and the tables of others, are no change";
  for (const char* const harm : {"flush ruleset", "flush chain inet picket gate", "delete table inet picket",
                                 "add rule inet picket gate accept"}) {
    nft(harm);
    EXPECT_EQ(gate.mend(mended), "") << harm;
    EXPECT_TRUE(mended) << harm;
    ASSERT_EQ(gate.close(), "");
    EXPECT_EQ(Client(*this, Place::there, client_port).error(), ECONNREFUSED) << harm;
    open(gate, 3000ms);
    EXPECT_TRUE(lets_in()) << harm;
  }
}

TEST_F(Gate, SaysThatItIsGone) {
  GateTable gate(client_port, server_port);
  const Instant now = real_boot_now();
  for (const char* const harm : {"delete table inet picket", "delete set inet picket permit"}) {
    bool mended = false;
    nft("flush table inet picket");
    nft(harm);
    EXPECT_THAT(gate.open(now + 3000ms, now + 5000ms), HasSubstr("the table is gone")) << harm;
    EXPECT_THAT(gate.close(), HasSubstr("the table is gone")) << harm;
    EXPECT_EQ(gate.mend(mended), "");
    EXPECT_TRUE(mended);
  }
}

TEST_F(Gate, IsNotTakenForChangedWhereTheKernelDoesNotAnswer) {
  GateTable gate(client_port, server_port);
  open(gate, 3000ms);
  bool mended = true;
  {
    const WithoutRights now;
    EXPECT_THAT(gate.mend(mended), HasSubstr("does not permit it"));
    EXPECT_FALSE(mended);
  }
  EXPECT_TRUE(lets_in());
  EXPECT_EQ(gate.mend(mended), "");
  EXPECT_FALSE(mended);
}

TEST_F(Gate, IsTakenOverAsItIsByTheNextRunAndReplacedWhenItIsAnother) {
  std::optional<GateTable> gate(std::in_place, client_port, server_port);
  open(*gate, 3000ms);
  Client client(*this, Place::there, client_port);
  ASSERT_TRUE(client.echoes());
  gate.reset();
  EXPECT_TRUE(client.echoes()) << "the end of a run closes nothing";
  gate.emplace(client_port, server_port);
  EXPECT_TRUE(client.echoes()) << "an opening of the run before runs out by itself";
  nft("delete table inet picket; add table inet picket; add set inet picket open { type ipv4_addr; }");
  gate.emplace(client_port, server_port);
  EXPECT_EQ(Client(*this, Place::there, client_port).error(), ECONNREFUSED);
}

TEST_F(Gate, SaysWhyItCannotBeMade) {
  try {
    const WithoutRights now;
    GateTable gate(client_port, server_port);
    ADD_FAILURE() << "made without rights";
  } catch (const NoNftables& error) {
    EXPECT_THAT(error.what(), HasSubstr("no CAP_NET_ADMIN"));
  }
  const TakenTable taken;
  try {
    GateTable gate(client_port, server_port);
    ADD_FAILURE() << "made over another's table";
  } catch (const NoNftables& error) {
    ADD_FAILURE() << error.what() << ": it would not be tried again";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("does not permit it"));
  }
}

}  // namespace
}  // namespace picket
