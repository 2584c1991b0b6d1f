// Planned work on a node: what is told to balancers meanwhile, who may announce it, and how it ends.
#include <gmock/gmock.h>

#include <csignal>

#include "agent/cluster.hpp"
#include "http/served.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;

constexpr Millis limit{20000};

struct MaintenanceOf : testing::Test {
  MaintenanceOf() {
    cluster.node1().start_agent();
    options.http = "[haproxy]\nagent_replica_port = " + std::to_string(reads) + "\n";
    standby.start_agent(options);
    EXPECT_TRUE(standby.until("R12", limit)) << describe(standby);
    EXPECT_TRUE(cluster.node1().until("R1", limit)) << describe(cluster.node1());
  }
  bool drains() const {
    return took([&] { return Client(reads).rest() == "up drain 0%\n" && standby.get("/replica").status == 503; }, limit)
        .has_value();
  }
  bool offers() const {
    return took([&] { return Client(reads).rest() == "up ready 100%\n" && standby.get("/replica").status == 200; },
                limit)
        .has_value();
  }

  Cluster cluster;
  Member& standby = cluster.node2();
  const int reads = free_port();
  AgentOptions options;
};

TEST_F(MaintenanceOf, AStandbyDrainsItAndOutlivesTheAgent) {
  ASSERT_TRUE(offers()) << describe(standby);
  EXPECT_EQ(standby.picket({"maintenance", "on", "--reason", "x"}, "nobody").code, 2);
  for (const char* odd : {"0s", "25h", "tomorrow"})
    EXPECT_EQ(standby.picket({"maintenance", "on", "--for", odd, "--reason", "x"}).code, 2) << odd;
  EXPECT_TRUE(standby.status()["maintenance"].is_null());

  EXPECT_EQ(standby.picket({"maintenance", "on", "--for", "1h", "--reason", "a new disk"}).code, 0);
  EXPECT_TRUE(drains()) << describe(standby);
  EXPECT_EQ(standby.get("/health").status, 200);
  EXPECT_EQ(standby.rule(), "R12") << "nothing of what is decided changes";
  EXPECT_EQ(standby.status()["maintenance"]["reason"], "a new disk");
  EXPECT_THAT(standby.get("/metrics").body, HasSubstr("\npicket_maintenance 1\n"));
  EXPECT_THAT(standby.picket({"status"}).out, HasSubstr("MAINTENANCE for another "));
  EXPECT_THAT(standby.log(), HasSubstr("maintenance for 1h by order of uid 0: a new disk"));

  standby.stop_agent(SIGKILL);
  standby.start_agent(options);
  EXPECT_TRUE(drains()) << describe(standby);
  EXPECT_EQ(standby.picket({"maintenance", "off"}).code, 0);
  EXPECT_TRUE(offers()) << describe(standby);
  EXPECT_THAT(standby.log(), HasSubstr("maintenance is ended by order of uid 0; it was: a new disk"));
}

TEST_F(MaintenanceOf, AStandbyEndsByItself) {
  EXPECT_EQ(standby.picket({"maintenance", "on", "--for", "2s", "--reason", "a moment"}).code, 0);
  EXPECT_TRUE(drains()) << describe(standby);
  EXPECT_TRUE(offers()) << describe(standby);
  EXPECT_THAT(standby.log(), HasSubstr("maintenance is over, its time has passed; it was: a moment"));
  standby.stop_agent(SIGTERM);
  standby.start_agent(options);
  EXPECT_TRUE(standby.status()["maintenance"].is_null());
}

TEST_F(MaintenanceOf, ThePrimaryMovesNothing) {
  Member& primary = cluster.node1();
  const std::string gate = primary.gate(), rank = primary.rank();
  Watching asked(primary, "/primary");
  const Ended said = primary.picket({"maintenance", "on", "--reason", "looking at it"});
  EXPECT_THAT(said.out, HasSubstr("it is the primary, and stays it"));
  EXPECT_TRUE(took([&] { return !primary.status()["maintenance"].is_null(); }, limit));
  EXPECT_FALSE(took([&] { return primary.gate() != gate || primary.rank() != rank; }, Millis{1500}));
  EXPECT_TRUE(primary.serves_primary());
  EXPECT_EQ(primary.rule(), "R1");
  EXPECT_FALSE(asked.ever(503));

  // Stopped by hand: as ever no reason to fence, nor to start it.
  primary.server().stop("fast");
  EXPECT_TRUE(primary.until("R10", limit)) << describe(primary);
  EXPECT_FALSE(took([&] { return primary.has_marker(); }, Millis{1500})) << primary.marker();
}

TEST_F(MaintenanceOf, ANoteOfNonsenseIsNone) {
  write_text(standby.folder() / "run/maintenance.json",
             "{\"until_ms\": 99999999999999, \"reason\": \"r\", \"by\": \"b\"}");
  standby.stop_agent(SIGTERM);
  standby.start_agent(options);
  EXPECT_TRUE(offers()) << describe(standby);
  EXPECT_THAT(standby.log(), HasSubstr("its end is not of this boot; this node is not in maintenance"));
}

}  // namespace
}  // namespace picket::test
