// The faces of the real daemon beside real servers: Patroni's contract, the ports that answer everybody the same, and
// what they say when a receiver or a postmaster is gone.
#include <gmock/gmock.h>

#include <csignal>

#include "agent/cluster.hpp"
#include "http/served.hpp"

namespace picket::test {
namespace {
using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

struct Ports {
  int percona = free_port(), control = free_port(), writes = free_port(), reads = free_port();
};

AgentOptions options(const Ports& ports) {
  AgentOptions o;
  o.http = "dialect = \"patroni\"\nscope = \"bench\"\ntags = \"zone=a\"\npatroni_metrics = true\npercona_port = " +
           std::to_string(ports.percona) + "\nclustercontrol_port = " + std::to_string(ports.control) +
           "\n[haproxy]\nagent_primary_port = " + std::to_string(ports.writes) +
           "\nagent_replica_port = " + std::to_string(ports.reads) + "\n";
  return o;
}

/// What a port says to somebody who only connects.
std::string said(int port) { return Client(port).rest(); }

TEST(Faces, OfTheRealDaemon) {
  Cluster cluster;
  const Ports first, second;
  Member &primary = cluster.node1(), &standby = cluster.node2();
  primary.start_agent(options(first));
  standby.start_agent(options(second));
  cluster.node3().start_agent();
  ASSERT_TRUE(primary.until("R1", Millis{30000})) << describe(primary);
  ASSERT_TRUE(standby.until("R12", Millis{30000})) << describe(standby);

  EXPECT_EQ(json::parse(primary.get("/primary").body)["role"], "primary");
  EXPECT_EQ(json::parse(primary.get("/patroni").body)["patroni"]["scope"], "bench");
  EXPECT_EQ(primary.get("/replica").status, 503);
  EXPECT_EQ(primary.get("/nonsense").status, 503);
  EXPECT_EQ(standby.get("/replica?tag_zone=a&replication_state=streaming").status, 200);
  EXPECT_EQ(standby.get("/replica?tag_zone=b").status, 503);
  EXPECT_TRUE(took([&] { return standby.get("/replica?lag=1MB").status == 200; }, Millis{10000}));
  EXPECT_EQ(standby.get("/async").status, 200);
  EXPECT_EQ(standby.get("/sync").status, 503);
  EXPECT_EQ(primary.get("/read-only").status, 200);
  EXPECT_TRUE(took([&] { return primary.get("/read-only?fallback=primary").status == 503; }, Millis{10000}));
  const json members = json::parse(standby.get("/cluster").body)["members"];
  ASSERT_EQ(members.size(), 3U);
  for (const json& member : members)
    EXPECT_EQ(member["role"], member["name"] == primary.name() ? "leader" : "replica") << member;
  EXPECT_THAT(primary.get("/metrics").body, HasSubstr("patroni_primary{scope=\"bench\",name=\"" + primary.name()));

  EXPECT_THAT(said(first.percona), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(said(second.percona), StartsWith("HTTP/1.1 206 "));
  EXPECT_THAT(said(first.control), HasSubstr("master is running"));
  EXPECT_EQ(said(first.writes), "up ready 100%\n");
  EXPECT_EQ(said(first.reads), "down ready 0% #R1\n");
  EXPECT_EQ(said(second.writes), "down ready 0% #R12\n");
  EXPECT_EQ(said(second.reads), "up ready 100%\n");

  standby.server().sql("select pg_wal_replay_pause()");
  EXPECT_TRUE(took([&] { return said(second.reads) == "up drain 0%\n"; }, Millis{10000}));
  standby.server().sql("select pg_wal_replay_resume()");
  EXPECT_TRUE(took([&] { return said(second.reads) == "up ready 100%\n"; }, Millis{10000}));

  // Its receiver ends, and all that it has received is replayed: the lag is unknown, not nought.
  standby.server().sql("alter system set primary_conninfo = ''");
  standby.server().sql("select pg_reload_conf()");
  EXPECT_TRUE(took([&] { return standby.status()["local"]["lag"]["why"] == "no WAL receiver runs"; }, Millis{20000}));
  EXPECT_EQ(standby.get("/replica?lag=1TB").status, 503);
  EXPECT_EQ(said(second.reads), "up ready 1%\n");

  // The postmaster dies while it is asked all the time.
  const int postmaster = primary.status()["local"]["postmaster"]["pid"];
  kill(postmaster, SIGKILL);
  const auto time = took([&] { return primary.get("/primary").status == 503; }, Millis{10000});
  measured("postmaster killed: first 503", time);
  EXPECT_TRUE(time);
  EXPECT_THAT(said(first.percona), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(said(first.writes), StartsWith("down ready 0% #"));
}

}  // namespace
}  // namespace picket::test
