#include "report/fixed_answers.hpp"

#include <gmock/gmock.h>

#include "report/scene.hpp"

namespace picket {
namespace {
using scene::fresh;
using scene::now;
using testing::HasSubstr;
using testing::Not;

TEST(Percona206, TellsPrimaryStandbyAndNeitherByTheCode) {
  const Snapshot primary = scene::primary(), standby = scene::standby(), stopped = scene::stopped(),
                 stale = scene::stale();
  EXPECT_EQ(percona206(&primary, now, {}).status, 200);
  EXPECT_EQ(percona206(&standby, now, {}).status, 206);
  EXPECT_EQ(percona206(&stopped, now, {}).status, 503);
  EXPECT_EQ(percona206(&stale, now, {}).status, 503);
  EXPECT_EQ(percona206(nullptr, now, {}).status, 503);
  EXPECT_EQ(percona206(&primary, now + fresh, {}).status, 503);
}

TEST(ClusterControl, SaysMasterOrOnlyRunning) {
  const Snapshot primary = scene::primary(), standby = scene::standby(), stopped = scene::stopped();
  EXPECT_THAT(std::string(clustercontrol(&primary, now, {}).body), HasSubstr("master is running"));
  EXPECT_THAT(std::string(clustercontrol(&standby, now, {}).body), HasSubstr("is running"));
  EXPECT_THAT(std::string(clustercontrol(&standby, now, {}).body), Not(HasSubstr("master is running")));
  EXPECT_THAT(std::string(clustercontrol(&stopped, now, {}).body), Not(HasSubstr("is running")));
  EXPECT_EQ(clustercontrol(&stopped, now, {}).status, 503);
}

std::string line(AgentRole role, const Snapshot& s, std::optional<uint64_t> bound = {}) {
  FaceOptions options;
  options.replica_max_lag = bound;
  return agent_line(role, &s, now, options);
}

TEST(AgentCheck, AlwaysSaysStateAdministrationAndWeight) {
  EXPECT_EQ(line(AgentRole::primary, scene::primary()), "up ready 100%\n");
  EXPECT_EQ(line(AgentRole::primary, scene::standby()), "down ready 0% #R12\n");
  EXPECT_EQ(line(AgentRole::replica, scene::standby()), "up ready 100%\n");
  EXPECT_EQ(line(AgentRole::replica, scene::primary()), "down ready 0% #R1\n");
  EXPECT_EQ(line(AgentRole::replica, scene::stopped()), "down ready 0% #R10\n");
  EXPECT_EQ(agent_line(AgentRole::primary, nullptr, now, {}), "down ready 0% #nothing decided yet\n");
}

TEST(AgentCheck, DrainsAStandbyThatIsWithdrawnOrPausesItsReplay) {
  Snapshot s = scene::standby();
  s.board.server.facts->replay_paused = true;
  EXPECT_EQ(line(AgentRole::replica, s), "up drain 0%\n");
  s = scene::standby();
  s.verdict.advert = Advert::down;
  EXPECT_EQ(line(AgentRole::replica, s), "up drain 0%\n");
}

/// 216 bytes behind.
TEST(AgentCheck, LowersTheWeightAsTheLagNearsItsBound) {
  const Snapshot s = scene::standby();
  EXPECT_EQ(line(AgentRole::replica, s, 1 << 20), "up ready 100%\n");
  EXPECT_EQ(line(AgentRole::replica, s, 432), "up ready 50%\n");
  EXPECT_EQ(line(AgentRole::replica, s, 220), "up ready 10%\n");
  EXPECT_EQ(line(AgentRole::replica, s, 100), "up ready 10%\n") << "until the verdict withdraws it";
}

TEST(AgentCheck, GivesTheSmallestWeightWhenTheLagIsUnknown) {
  Snapshot s = scene::standby();
  s.board.server.facts->receiver.reset();
  EXPECT_EQ(line(AgentRole::replica, s), "up ready 1%\n");
}

TEST(AgentCheck, DrainsAStandbyInMaintenanceAndLeavesThePrimaryBe) {
  Snapshot standby = scene::standby(), primary = scene::primary();
  standby.maintenance = primary.maintenance = Maintenance{"new disk", "uid 0", now + Millis{1000}};
  EXPECT_EQ(line(AgentRole::replica, standby), "up drain 0%\n");
  EXPECT_EQ(line(AgentRole::primary, primary), "up ready 100%\n");
  EXPECT_EQ(percona206(&standby, now, {}).status, 503);
  EXPECT_EQ(percona206(&primary, now, {}).status, 200);
  EXPECT_EQ(clustercontrol(&primary, now, {}).status, 200);
}

TEST(NoLoadBalance, KeepsReadsAwayOnEveryPort) {
  const Snapshot standby = scene::standby(), primary = scene::primary();
  FaceOptions options;
  options.tags = {{"noloadbalance", "true"}};
  EXPECT_EQ(agent_line(AgentRole::replica, &standby, now, options), "up drain 0%\n");
  EXPECT_EQ(agent_line(AgentRole::primary, &primary, now, options), "up ready 100%\n");
  EXPECT_EQ(percona206(&standby, now, options).status, 503);
  EXPECT_EQ(percona206(&primary, now, options).status, 200);
  EXPECT_EQ(clustercontrol(&standby, now, options).status, 503);
  EXPECT_THAT(std::string(clustercontrol(&standby, now, options).body), Not(HasSubstr("is running")));
  EXPECT_EQ(clustercontrol(&primary, now, options).status, 200);
  options.tags = {{"noloadbalance", "false"}};
  EXPECT_EQ(percona206(&standby, now, options).status, 206);
}

}  // namespace
}  // namespace picket
