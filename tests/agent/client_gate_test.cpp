// A real primary behind the client gate, in a network of its own, with two witnesses for voters: a session that a
// client holds by the gate's port, and what becomes of it. A lease lasts 1 s, so that the gate closes 667 ms after a
// heartbeat.
#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

#include "agent/cluster.hpp"
#include "agent/own_network.hpp"
#include "agent/voters.hpp"
#include "agent/witness_host.hpp"
#include "gate/busy_rules.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{10'000};
constexpr Millis life{667};
constexpr int client_port = 6433;

/// A client that asks again and again over one session, and notes when it was answered last.
class HeldSession {
 public:
  explicit HeldSession(int port)
      : connection_(
            PQconnectdb(("host=127.0.0.1 user=postgres dbname=postgres port=" + std::to_string(port)).c_str())) {
    EXPECT_EQ(PQstatus(connection_), CONNECTION_OK) << PQerrorMessage(connection_);
    thread_ = std::thread([this] { ask(); });
  }
  ~HeldSession() {
    over_ = true;
    shutdown(PQsocket(connection_), SHUT_RDWR);  // it may be waiting
    thread_.join();
    PQfinish(connection_);
  }
  HeldSession(const HeldSession&) = delete;
  HeldSession& operator=(const HeldSession&) = delete;

  Instant answered() const { return answered_; }
  bool is_answered(Millis within) const {
    const Instant now = boot_now();
    return took([&] { return answered() > now; }, within).has_value();
  }

 private:
  void ask() {
    while (!over_) {
      PGresult* const result = PQexec(connection_, "select 1");
      const bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
      PQclear(result);
      if (!good) return;
      answered_ = boot_now();
      std::this_thread::sleep_for(Millis{5});
    }
  }
  PGconn* connection_;
  std::atomic<Instant> answered_{};
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

class BehindTheGate : private OwnNetwork, public testing::Test {
 protected:
  BehindTheGate() {
    second_.start(lines(2));
    third_.start(lines(3));
  }

  std::string lines(int id) const {
    return voters_.lines(id) + "client_gate = true\nclient_port = " + std::to_string(client_port) + "\n";
  }
  AgentOptions options() const {
    AgentOptions options{.level = "lease"};
    options.lease = lines(1);
    options.guard = "loop_gap = \"500ms\"\n";  // less than a lease, as by default: whoever wakes asks before it stops
    return options;
  }
  void start() {
    primary_.start_agent(options());
    ASSERT_TRUE(primary_.until("R1", limit)) << describe(primary_);
    ASSERT_TRUE(took([&] { return gate()["open"] == true; }, limit)) << describe(primary_);
  }
  nlohmann::json gate() const { return primary_.status()["/lease/client_gate"_json_pointer]; }

  Voters voters_;
  Cluster cluster_{1};
  WitnessHost second_{2}, third_{3};
  Member& primary_ = cluster_.node1();
};

TEST_F(BehindTheGate, ASessionEndsWithTheLeaseBeforeTheServerIsStopped) {
  start();
  HeldSession session(client_port);
  EXPECT_TRUE(session.is_answered(Millis{1000}));
  EXPECT_EQ(gate()["port"], client_port);
  second_.agent().signal(SIGKILL);
  third_.agent().signal(SIGKILL);
  const Instant dead = boot_now();
  EXPECT_TRUE(primary_.until("R4", limit)) << describe(primary_);
  measured("the voters' death until the last answer", session.answered() - dead);
  EXPECT_LE(session.answered() - dead, life + Millis{50});
  EXPECT_EQ(gate()["open"], false);
}

TEST_F(BehindTheGate, ASessionStandsStillWhileTheAgentIsFrozenAndGoesOnAfterwards) {
  start();
  HeldSession session(client_port), own(primary_.server().port());
  EXPECT_TRUE(session.is_answered(Millis{1000}));
  primary_.agent().signal(SIGSTOP);
  const Instant frozen = boot_now();
  std::this_thread::sleep_for(Millis{1200});
  measured("the agent's freeze until the last answer", session.answered() - frozen);
  EXPECT_LE(session.answered() - frozen, life + Millis{50});
  EXPECT_TRUE(own.is_answered(Millis{500})) << "PostgreSQL's own port is no matter of the gate";
  primary_.agent().signal(SIGCONT);
  EXPECT_TRUE(session.is_answered(Millis{5000})) << describe(primary_);
  EXPECT_EQ(primary_.rule(), "R1");
}

TEST_F(BehindTheGate, ARestartOfTheAgentCostsASessionNothing) {
  start();
  HeldSession session(client_port);
  EXPECT_TRUE(session.is_answered(Millis{1000}));
  primary_.stop_agent(SIGTERM);
  start();
  EXPECT_TRUE(session.is_answered(Millis{2000})) << describe(primary_);
}

TEST_F(BehindTheGate, TheLeaseIsKeptWhileTheKernelIsBusyWithTheRulesOfAnother) {
  start();
  HeldSession session(client_port);
  EXPECT_TRUE(session.is_answered(Millis{1000}));
  std::set<std::string> rules;
  bool told = false;
  for (BusyRules other; !other.over(); std::this_thread::sleep_for(Millis{20})) {
    rules.insert(primary_.rule());
    told = told || primary_.status().dump().find("has not carried out an order") != std::string::npos;
  }
  EXPECT_TRUE(told) << "the kernel was not busy, and this shows nothing: " << primary_.status();
  EXPECT_EQ(rules, std::set<std::string>{"R1"}) << describe(primary_);
  // TCP asks again after a pause that may be as long as it has waited already.
  EXPECT_TRUE(session.is_answered(3 * limit)) << describe(primary_);
  EXPECT_FALSE(primary_.has_marker());
  const std::string metrics = primary_.get("/metrics").body, name = "\npicket_loop_hold_seconds ";
  const double held = std::stod(metrics.substr(metrics.find(name) + name.size()));
  measured("the loop's longest hold", Millis{static_cast<long>(held * 1000)});
  EXPECT_LT(held, 0.5);
}

TEST_F(BehindTheGate, AnAgentThatMayNotMakeItDoesNotStart) {
  AgentOptions forbidden = options();
  forbidden.may_cut = false;
  primary_.launch_agent(forbidden);
  EXPECT_EQ(primary_.agent().ended(limit), 78);
  EXPECT_NE(primary_.log().find("lease.client_gate: the kernel does not make the gate: no CAP_NET_ADMIN"),
            std::string::npos)
      << primary_.log();
  AgentOptions same_port = options();
  same_port.lease.replace(same_port.lease.find("client_port = "), std::string::npos,
                          "client_port = " + std::to_string(primary_.server().port()) + "\n");
  primary_.launch_agent(same_port);
  EXPECT_EQ(primary_.agent().ended(limit), 78);
  EXPECT_NE(primary_.log().find(") is PostgreSQL's own port"), std::string::npos) << primary_.log();
}

}  // namespace
}  // namespace picket::test
