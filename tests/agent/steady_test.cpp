// A healthy cluster, and the deaths that are the agent's own.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <regex>

#include "agent/cluster.hpp"

namespace picket::test {
namespace {

// The lines that tell a verdict: "picketd: R1 primary on ...".
std::vector<std::string> verdict_lines(const std::string& log) {
  static const std::regex line("picketd: (R[0-9]+[a-z]?|B3) [^\n]*");
  return {std::sregex_token_iterator(log.begin(), log.end(), line), {}};
}

class Steady : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cluster_ = std::make_unique<Cluster>();
    cluster_->start_agents(options());
    // An alarm about what nobody can be asked about is the last thing that changes.
    for (const auto& member : cluster_->members())
      EXPECT_TRUE(took([&] { return !member->status()["verdict"]["alarms"].empty(); }, Millis{5000}))
          << describe(*member);
  }
  // A unit that nobody can be asked about.
  static AgentOptions options() { return {.postgresql = "unit = \"postgresql@15-picket-test.service\"\n"}; }
  static void TearDownTestSuite() { cluster_.reset(); }
  static Cluster& cluster() { return *cluster_; }

 private:
  static inline std::unique_ptr<Cluster> cluster_;
};

TEST_F(Steady, OnlyThePrimaryIsOfferedForWritesAndHasAnOpenGate) {
  Member& primary = cluster().node1();
  EXPECT_EQ(primary.get("/primary").status, 200);
  EXPECT_EQ(primary.get("/replica").status, 503);
  EXPECT_EQ(primary.gate(), "1");
  for (Member* standby : {&cluster().node2(), &cluster().node3()}) {
    EXPECT_EQ(standby->get("/primary").status, 503) << standby->name();
    EXPECT_EQ(standby->get("/replica").status, 200) << standby->name();
    EXPECT_EQ(standby->get("/read-only").status, 200) << standby->name();
    EXPECT_EQ(standby->gate(), "0") << standby->name();
    EXPECT_EQ(standby->rank(), "50\n") << standby->name();
  }
}

TEST_F(Steady, CheckAnswersKeepalivedAsTheHealthPageAnswersHaproxy) {
  EXPECT_EQ(cluster().node1().picket({"check", "primary"}).code, 0);
  EXPECT_EQ(cluster().node1().picket({"check", "standby"}).code, 1);
  EXPECT_EQ(cluster().node1().picket({"check", "alive"}).code, 0);
  EXPECT_EQ(cluster().node2().picket({"check", "primary"}, "nobody").code, 1);
  EXPECT_EQ(cluster().node2().picket({"check", "standby"}, "nobody").code, 0);
  EXPECT_EQ(cluster().node2().picket({"check", "sunshine"}).code, 2);
}

TEST_F(Steady, EveryFaceTellsTheSameVerdict) {
  for (const auto& member : cluster().members()) {
    const auto verdict = member->status()["verdict"];
    const auto generation = verdict["generation"].get<size_t>();
    const std::string rule = verdict["rule"], sentence = verdict["sentence"];
    EXPECT_EQ(member->get("/primary").verdict, std::to_string(generation) + " " + rule);

    const auto asked = nlohmann::json::parse(member->picket({"status", "--json"}).out);
    for (const char* key : {"generation", "rule", "sentence", "role", "timeline", "advert", "vrrp"})
      EXPECT_EQ(asked["verdict"][key], verdict[key]) << member->name() << " " << key;
    EXPECT_NE(member->picket({"status"}).out.find(sentence), std::string::npos);
    EXPECT_NE(member->picket({"explain"}).out.find(sentence), std::string::npos);

    const auto lines = verdict_lines(member->log());
    EXPECT_EQ(lines.size(), generation) << "one line for each verdict\n" << member->log();
    ASSERT_FALSE(lines.empty());
    EXPECT_EQ(lines.back(), "picketd: " + rule + " " + sentence);
  }
}

TEST_F(Steady, WithoutDBusTheAlarmNamesItAndAllElseWorks) {
  const auto status = cluster().node1().status();
  const std::string alarms = status["verdict"]["alarms"].dump();
  EXPECT_NE(alarms.find("D-Bus"), std::string::npos) << alarms;
  EXPECT_NE(status["local"]["keepalived"]["why"].dump().find("D-Bus"), std::string::npos) << status["local"];
  EXPECT_EQ(cluster().node1().rule(), "R1");
}

TEST_F(Steady, KeepalivedIsHeardByNotifyScriptAndByFifo) {
  Member& node = cluster().node2();
  std::string last;
  const auto hears = [&](const std::string& text) {
    return took([&] { return (last = node.status()["local"]["keepalived"]["last_notify"].dump()) == '"' + text + '"'; },
                Millis{1000});
  };
  EXPECT_EQ(node.picket({"notify", "INSTANCE", "VI_1", "MASTER", "150"}).code, 0);
  EXPECT_TRUE(hears("VI_1 MASTER 150")) << last;
  EXPECT_EQ(node.picket({"notify", "backup"}, "nobody").code, 0);
  EXPECT_TRUE(hears("BACKUP")) << last;
  EXPECT_EQ(node.picket({"notify", "INSTANCE", "VI_1", "SIDEWAYS", "150"}).code, 2);
  std::ofstream(node.fifo()) << "INSTANCE \"VI_1\" FAULT 150\n" << std::flush;
  EXPECT_TRUE(hears("VI_1 FAULT 150")) << last;
  EXPECT_EQ(node.rule(), "R12") << "history, never a reason";
}

TEST_F(Steady, AStoppedAgentLeavesAClosedGate) {
  Member& primary = cluster().node1();
  EXPECT_EQ(primary.stop_agent(SIGTERM), 0) << primary.log();
  EXPECT_EQ(primary.gate(), "0");
  EXPECT_EQ(primary.rank(), "-100\n");
  primary.start_agent(options());
  const auto again = primary.until("R1", Millis{3000});
  ASSERT_TRUE(again) << describe(primary);
  EXPECT_EQ(primary.gate(), "1");
}

TEST_F(Steady, AKilledAgentIsResumedWithinASecondAndFencesNobody) {
  Member& primary = cluster().node1();
  const int before = primary.status()["verdict"]["generation"];
  EXPECT_EQ(primary.stop_agent(SIGKILL), 128 + SIGKILL);
  EXPECT_EQ(primary.gate(), "1") << "nobody closed it: that is for ExecStopPost=";
  EXPECT_EQ(primary.picket({"gate", "close"}).code, 0) << "works with the daemon dead";
  EXPECT_EQ(primary.gate(), "0");
  EXPECT_EQ(primary.picket({"check", "primary"}).code, 3);

  primary.launch_agent(options());
  const auto again = primary.until("R1", Millis{3000});
  measured("start of the agent until R1", again);
  ASSERT_TRUE(again) << describe(primary);
  EXPECT_LT(*again, Millis{2500});
  EXPECT_EQ(primary.gate(), "1");
  EXPECT_GT(primary.status()["verdict"]["generation"].get<int>(), before) << "generations never repeat within a boot";
  EXPECT_FALSE(primary.has_marker());
}

TEST_F(Steady, AnAgentThatSleptForgetsWhatItKnewAndFencesNobody) {
  Member& primary = cluster().node1();
  primary.agent().signal(SIGSTOP);
  EXPECT_EQ(primary.get("/primary").status, 0) << "no answer in three seconds, which is more than loop_gap";
  primary.agent().signal(SIGCONT);
  const auto slept = took([&] { return primary.log().find("picketd: R0b ") != std::string::npos; }, Millis{1000});
  EXPECT_TRUE(slept) << describe(primary);
  const auto again = primary.until("R1", Millis{2000});
  measured("an agent that slept goes on until R1", again);
  EXPECT_TRUE(again) << describe(primary);
  EXPECT_EQ(primary.gate(), "1");
  EXPECT_FALSE(primary.has_marker());
}

// Last: it costs the primary.
TEST_F(Steady, AKilledPostmasterIsWithdrawnAtOnce) {
  Member& primary = cluster().node1();
  Watching page(primary, "/primary");
  ASSERT_TRUE(took([&] { return primary.serves_primary(); }, Millis{3000})) << describe(primary);
  const Instant killed = boot_now();
  primary.server().kill9();
  ASSERT_TRUE(took([&] { return !primary.serves_primary(); }, Millis{2000}));
  std::this_thread::sleep_for(Millis{200});  // the watcher has looked since
  const auto changes = page.stop();
  ASSERT_EQ(changes.back().status, 503);
  const Millis after = changes.back().at - killed;
  measured("kill -9 of the postmaster until 503", after);
  EXPECT_LT(after, Millis{1500});
  EXPECT_TRUE(took([&] { return primary.gate() == "0"; }, Millis{1000})) << "no systemd here that could start it";
  EXPECT_TRUE(primary.until("R10", Millis{3000})) << describe(primary);
  EXPECT_FALSE(primary.has_marker()) << "dead is not fenced";
}

}  // namespace
}  // namespace picket::test
