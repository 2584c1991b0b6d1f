// A real HAProxy watches the faces in the ways that people configure it: for the guide's checker, for Patroni, for
// Percona's and ClusterControl's, and by agent-check. It takes the servers up and down by them.
#include "http/haproxy.hpp"

#include <gmock/gmock.h>

#include <mutex>

#include "report/pages.hpp"
#include "report/scene.hpp"

namespace picket {
namespace {
using Expected = std::map<std::string, std::string>;

/// A snapshot that the servers' threads read and the test replaces.
class Stage {
 public:
  void become(Snapshot next) {
    const std::lock_guard lock(mutex_);
    next.generation = snapshot_.generation + 1;
    snapshot_ = std::move(next);
  }
  /// The health page in a dialect.
  Server::Handler page(Pages& pages) {
    return [this, &pages](Method, std::string_view path, std::string_view query) -> const Page& {
      const std::lock_guard lock(mutex_);
      return pages.page(path, query, &snapshot_, scene::now);
    };
  }
  Server::Handler page(FixedPage& fixed) {
    return [this, &fixed](Method, std::string_view, std::string_view) -> const Page& {
      const std::lock_guard lock(mutex_);
      return fixed.page(&snapshot_, scene::now);
    };
  }

 private:
  std::mutex mutex_;
  Snapshot snapshot_ = scene::primary();
};

Server::Options anywhere(bool speak_first = false) {
  Server::Options options;
  options.address = "127.0.0.1";
  options.port = 0;
  options.speak_first = speak_first;
  return options;
}

std::string server(int check_port, const std::string& more = "") {
  return "  server pg1 127.0.0.1:5432 check port " + std::to_string(check_port) + " inter 50ms fall 2 rise 2" + more +
         "\n";
}

TEST(Haproxy26, TakesServersUpAndDownByTheHealthPage) {
  if (!have_haproxy()) GTEST_SKIP() << "haproxy is not installed";
  Stage stage;
  Pages pages({});
  Served served(anywhere(), stage.page(pages));
  const std::string pg1 = server(served.port());
  const Haproxy haproxy(
      "backend primary\n  option httpchk\n  http-check send meth GET uri /primary ver HTTP/1.1 hdr Host picket\n" +
      pg1 + "backend oldstyle\n  option httpchk GET /primary HTTP/1.1\n" + pg1 + "backend plain\n  option httpchk\n" +
      pg1 + "backend guide\n  option httpchk GET /master\n" + pg1 +
      "backend replica\n  option httpchk GET /replica?lag=1MB\n  http-check expect status 200\n" + pg1 +
      "backend drain\n  option httpchk GET /replica?drain=404\n  http-check disable-on-404\n" + pg1);
  const Expected primary{{"primary", "UP"}, {"oldstyle", "UP"},  {"plain", "UP"},
                         {"guide", "UP"},   {"replica", "DOWN"}, {"drain", "DOWN"}};
  const Expected standby{{"primary", "DOWN"}, {"oldstyle", "DOWN"}, {"plain", "DOWN"},
                         {"guide", "DOWN"},   {"replica", "UP"},    {"drain", "UP"}};
  const Expected drained{{"primary", "DOWN"}, {"oldstyle", "DOWN"}, {"plain", "DOWN"},
                         {"guide", "DOWN"},   {"replica", "DOWN"},  {"drain", "NOLB"}};
  const Expected down{{"primary", "DOWN"}, {"oldstyle", "DOWN"}, {"plain", "DOWN"},
                      {"guide", "DOWN"},   {"replica", "DOWN"},  {"drain", "DOWN"}};
  EXPECT_EQ(haproxy.wait_for(primary), primary);
  stage.become(scene::standby());
  EXPECT_EQ(haproxy.wait_for(standby), standby);
  Snapshot lagging = scene::standby();
  lagging.verdict.advert = Advert::down;
  stage.become(lagging);
  EXPECT_EQ(haproxy.wait_for(drained), drained);
  stage.become(scene::stopped());
  EXPECT_EQ(haproxy.wait_for(down), down);
  stage.become(scene::primary());
  EXPECT_EQ(haproxy.wait_for(primary), primary);
}

/// The configuration of Patroni's documentation, and its variants that are in use.
TEST(Haproxy26, TakesPicketForPatroni) {
  if (!have_haproxy()) GTEST_SKIP() << "haproxy is not installed";
  Stage stage;
  FaceOptions options;
  options.dialect = Dialect::patroni;
  Pages pages(options);
  Served served(anywhere(), stage.page(pages));
  const std::string pg1 = server(served.port(), " on-marked-down shutdown-sessions");
  const std::string expect = "  http-check expect status 200\n";
  const Haproxy haproxy("backend master\n  option httpchk OPTIONS /master\n" + expect + pg1 +
                        "backend primary\n  option httpchk OPTIONS /primary\n" + expect + pg1 +
                        "backend leader\n  option httpchk GET /leader\n" + expect + pg1 +
                        "backend replicas\n  option httpchk OPTIONS /replica\n" + expect + pg1 +
                        "backend lag\n  option httpchk GET /replica?lag=1MB\n" + expect + pg1 +
                        "backend reads\n  option httpchk HEAD /read-only\n" + expect + pg1);
  const Expected primary{{"master", "UP"},     {"primary", "UP"}, {"leader", "UP"},
                         {"replicas", "DOWN"}, {"lag", "DOWN"},   {"reads", "UP"}};
  const Expected standby{{"master", "DOWN"}, {"primary", "DOWN"}, {"leader", "DOWN"},
                         {"replicas", "UP"}, {"lag", "UP"},       {"reads", "UP"}};
  EXPECT_EQ(haproxy.wait_for(primary), primary);
  stage.become(scene::standby());
  EXPECT_EQ(haproxy.wait_for(standby), standby);
}

TEST(Haproxy26, ReadsTheFixedAnswersAsTheirUsersConfigureIt) {
  if (!have_haproxy()) GTEST_SKIP() << "haproxy is not installed";
  Stage stage;
  FixedPage percona = FixedPage::http([](const Snapshot* s, Instant now) { return percona206(s, now, {}); });
  FixedPage control = FixedPage::http([](const Snapshot* s, Instant now) { return clustercontrol(s, now, {}); });
  Served percona_port(anywhere(true), stage.page(percona)), control_port(anywhere(true), stage.page(control));
  const std::string pg1 = server(percona_port.port()), tcp = server(control_port.port());
  const Haproxy haproxy("backend rw\n  option httpchk\n  http-check expect status 200\n" + pg1 +
                        "backend ro\n  option httpchk\n  http-check expect status 206\n" + pg1 +
                        "backend cc_rw\n  option tcp-check\n  tcp-check expect string master\\ is\\ running\n" + tcp +
                        "backend cc_ro\n  option tcp-check\n  tcp-check expect string is\\ running\n" + tcp +
                        "backend cc_http\n  option httpchk\n" + tcp);
  const Expected primary{{"rw", "UP"}, {"ro", "DOWN"}, {"cc_rw", "UP"}, {"cc_ro", "UP"}, {"cc_http", "UP"}};
  const Expected standby{{"rw", "DOWN"}, {"ro", "UP"}, {"cc_rw", "DOWN"}, {"cc_ro", "UP"}, {"cc_http", "UP"}};
  const Expected down{{"rw", "DOWN"}, {"ro", "DOWN"}, {"cc_rw", "DOWN"}, {"cc_ro", "DOWN"}, {"cc_http", "DOWN"}};
  EXPECT_EQ(haproxy.wait_for(primary), primary);
  stage.become(scene::standby());
  EXPECT_EQ(haproxy.wait_for(standby), standby);
  stage.become(scene::stopped());
  EXPECT_EQ(haproxy.wait_for(down), down);
}

TEST(Haproxy26, FollowsTheAgentCheckInStateDrainAndWeight) {
  if (!have_haproxy()) GTEST_SKIP() << "haproxy is not installed";
  Stage stage;
  FaceOptions options;
  options.replica_max_lag = 432;
  FixedPage writes =
      FixedPage::line([&](const Snapshot* s, Instant now) { return agent_line(AgentRole::primary, s, now, options); });
  FixedPage reads =
      FixedPage::line([&](const Snapshot* s, Instant now) { return agent_line(AgentRole::replica, s, now, options); });
  Served writes_port(anywhere(true), stage.page(writes)), reads_port(anywhere(true), stage.page(reads));
  Pages pages({});
  Served health(anywhere(), stage.page(pages));
  const auto agent = [&](int port, const std::string& more) {
    return "  option httpchk GET /health\n  server pg1 127.0.0.1:5432 weight 100 check port " +
           std::to_string(health.port()) + " inter 50ms fall 2 rise 2 agent-check agent-inter 50ms agent-port " +
           std::to_string(port) + more + "\n";
  };
  const Haproxy haproxy("backend writes\n" + agent(writes_port.port(), "") + "backend reads\n" +
                        agent(reads_port.port(), " agent-send reads\\n"));
  const Expected primary{{"writes", "UP 100"}, {"reads", "DOWN (agent) 0"}};
  const Expected half{{"writes", "DOWN (agent) 0"}, {"reads", "UP 50"}};
  const Expected drain{{"writes", "DOWN (agent) 0"}, {"reads", "DRAIN (agent) 0"}};
  const Expected down{{"writes", "DOWN (agent) 0"}, {"reads", "DOWN (agent) 0"}};
  EXPECT_EQ(haproxy.wait_for(primary, true), primary);
  stage.become(scene::standby());
  EXPECT_EQ(haproxy.wait_for(half, true), half);
  Snapshot paused = scene::standby();
  paused.board.server.facts->replay_paused = true;
  stage.become(paused);
  EXPECT_EQ(haproxy.wait_for(drain, true), drain);
  stage.become(scene::standby());
  EXPECT_EQ(haproxy.wait_for(half, true), half) << "it left the drain again";
  stage.become(scene::stopped());
  EXPECT_EQ(haproxy.wait_for(down, true), down);
  stage.become(scene::primary());
  EXPECT_EQ(haproxy.wait_for(primary, true), primary);
}

}  // namespace
}  // namespace picket
