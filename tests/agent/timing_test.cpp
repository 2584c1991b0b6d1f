// repmgr.conf's times against those of the lease and of the fence.
#include "timing.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;

const LeaseTiming timing{.heartbeat = 500ms, .lease = 3s, .bound = 5700ms};

/// As docs/operating.md has it.
RepmgrConf gated() {
  RepmgrConf conf;
  conf.failover = "automatic";
  conf.failover_validation_command = "/usr/bin/picket gate vote";
  conf.promote_command = "/usr/bin/picket gate promote -- /usr/bin/repmgr standby promote";
  conf.reconnect_attempts = 2;
  conf.reconnect_interval = 1s;
  return conf;
}

/// "refuse" or "tell", and the sentences.
std::string faults(const RepmgrConf& conf, Level level = Level::lease, Config config = {}) {
  config.policy.level = level;
  std::string text;
  for (const TimingFault& fault : timing_faults(config, timing, conf, "repmgr.conf"))
    text += (fault.refuse ? "refuse: " : "tell: ") + fault.sentence + "\n";
  return text;
}

TEST(VoteWait, IsReadFromTheCommandThatRepmgrdRuns) {
  for (const auto& [command, wait] : {std::pair{"", 0s},
                                      {"/usr/local/bin/may-i", 0s},
                                      {"/usr/bin/picket gate promote -- x", 0s},
                                      {"/usr/bin/picket gate vote", 20s},
                                      {"sudo picket  gate\tvote %n", 20s},
                                      {"picket gate vote --within 9", 9s},
                                      {"picket gate vote --within=30 %n %a", 30s},
                                      {"picket gate vote --within 0", 1s},
                                      {"picket gate vote --within 99999999999999999999", 600s},
                                      {"picket --socket /x gate vote --within  8", 8s},
                                      {"picket gate votes", 0s}})
    EXPECT_EQ(vote_wait_of(command), wait) << command;
}

TEST(TimingAtLease, IsFineAsTheDocumentsSay) { EXPECT_EQ(faults(gated()), ""); }

TEST(TimingAtLease, RefusesAVoteThatEndsBeforeTheBoundDoes) {
  RepmgrConf conf = gated();
  conf.failover_validation_command += " --within 7";
  EXPECT_EQ(faults(conf),
            "refuse: repmgr.conf: failover_validation_command: picket gate vote waits for 7s, and a voter may be bound "
            "to the old holder for 5700ms: it must wait for at least 7700ms (--within)\n");
  conf.failover_validation_command = "picket gate vote --within 8";
  EXPECT_EQ(faults(conf), "");
}

TEST(TimingAtLease, RefusesStandbysThatGiveUpBeforeTheCandidateDoes) {
  RepmgrConf conf = gated();
  conf.primary_notification_timeout = 20s;
  EXPECT_EQ(faults(conf),
            "refuse: repmgr.conf: primary_notification_timeout (20s) must be greater than what picket gate vote waits "
            "for (20s): else the other standbys give up before there is a new primary\n");
  conf.primary_notification_timeout = 21s;
  EXPECT_EQ(faults(conf), "");
}

TEST(TimingAtLease, TellsOfHooksThatAreNotThere) {
  RepmgrConf conf = gated();
  conf.failover_validation_command = "";
  conf.primary_notification_timeout = 1s;  // nobody waits for the lease
  EXPECT_THAT(faults(conf), HasSubstr("tell: repmgr.conf: failover_validation_command does not call"));
  EXPECT_THAT(faults(conf), testing::Not(HasSubstr("refuse:")));
  conf = gated();
  conf.promote_command = "/usr/bin/repmgr standby promote";
  EXPECT_THAT(faults(conf), HasSubstr("tell: repmgr.conf: promote_command does not call"));
}

TEST(Timing, IsNobodysConcernWhereRepmgrdPromotesNobody) {
  RepmgrConf conf = gated();
  conf.failover_validation_command = "picket gate vote --within 1";
  ASSERT_NE(faults(conf), "");
  conf.priority = 0;
  EXPECT_EQ(faults(conf), "");
  conf.priority = 100;
  conf.failover = "manual";
  for (const Level level : {Level::observe, Level::guard, Level::lease}) EXPECT_EQ(faults(conf, level), "");
  EXPECT_EQ(failover_times(conf), FailoverTimes{});
  conf.failover = "automatic";
  EXPECT_EQ(failover_times(conf), (FailoverTimes{1s, 60s}));
}

TEST(TimingAtGuard, TellsForHowLongTwoMayTakeWrites) {
  RepmgrConf conf = gated();
  EXPECT_EQ(faults(conf, Level::observe), "");
  EXPECT_THAT(faults(conf, Level::guard), HasSubstr("tell: level guard: a primary that is cut off is dead after up to "
                                                    "8s (guard.isolation_timeout 4s, and its stop), and repmgr.conf "
                                                    "lets repmgrd promote another after 1s"));
  conf.reconnect_attempts = 3;
  conf.reconnect_interval = 4s;
  EXPECT_EQ(faults(conf, Level::guard), "");
  conf.reconnect_interval = 3s;
  EXPECT_NE(faults(conf, Level::guard), "");
  Config quick;
  quick.policy.isolation_timeout = 2s;
  EXPECT_EQ(faults(conf, Level::guard, quick), "");
  conf.reconnect_attempts = 0;
  EXPECT_THAT(faults(conf, Level::guard), HasSubstr("after 0s"));
}

TEST(TimingOfAPeer, IsWrongWhereItsVoteIsTooShortOrOurPatience) {
  const FailoverTimes ours{20s, 60s};
  EXPECT_EQ(wrong_with_peer("node 2", {}, ours, timing), "") << "it says nothing";
  EXPECT_EQ(wrong_with_peer("node 2", {20s, 60s}, ours, timing), "");
  EXPECT_EQ(wrong_with_peer("node 2", {8s, 9s}, ours, timing), "");
  EXPECT_EQ(wrong_with_peer("node 2", {59s, 70s}, ours, timing), "");
  EXPECT_THAT(wrong_with_peer("node 2", {7s, 60s}, ours, timing),
              HasSubstr("node 2: in its repmgr.conf picket gate vote waits for 7s"));
  EXPECT_EQ(
      wrong_with_peer("node 2", {60s, 70s}, ours, timing),
      "primary_notification_timeout is 1m here, and picket gate vote on node 2 waits for 1m: when that node is to "
      "be promoted, repmgrd here gives up too early");
  EXPECT_EQ(wrong_with_peer("node 2", {60s, 70s}, {}, timing), "") << "repmgrd here promotes nobody";
}

}  // namespace
}  // namespace picket
