// The metrics against golden files, and against Prometheus' own judge of them where it is installed.
#include "report/metrics.hpp"

#include <gmock/gmock.h>

#include <regex>

#include "report/golden.hpp"
#include "report/scene.hpp"

namespace picket {
namespace {
using scene::now;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t wall = 1'795'309'831'123'456;
constexpr HttpUse use{.accepted = 12,
                      .answered = 34,
                      .rejected = 1,
                      .evicted = 0,
                      .timed_out = 2,
                      .connections = 3,
                      .loop_hold = 0.00125};

std::string text(const Snapshot& s, bool patroni = false) {
  FaceOptions options;
  options.patroni_metrics = patroni;
  return std::regex_replace(metrics_text(&s, use, now, wall, options), std::regex("version=\"[^\"]*\""),
                            "version=\"VERSION\"");
}

TEST(Metrics, AreAsTheirGoldenFilesSay) {
  expect_golden("metrics_primary.txt", text(scene::primary()));
  expect_golden("metrics_standby.txt", text(scene::standby(), true));
  expect_golden("metrics_blind.txt", text(scene::blind()));
}

TEST(Metrics, HaveNoSampleForWhatIsNotKnown) {
  Snapshot s = scene::standby();
  s.board.server.facts->receiver.reset();
  EXPECT_THAT(text(s), Not(HasSubstr("picket_replication_lag_bytes")));
  EXPECT_THAT(text(s), HasSubstr("picket_replication_streaming 0"));
  EXPECT_THAT(text(scene::blind()), Not(HasSubstr("picket_fenced")));
  EXPECT_THAT(text(scene::stale()), HasSubstr("picket_fenced 1"));
}

TEST(Metrics, TellWhetherClientsAreLetThroughOnlyWhereThereIsAGate) {
  Snapshot s = scene::primary();
  s.board.lease.emplace();
  EXPECT_THAT(text(s), Not(HasSubstr("picket_client_gate_open")));
  s.client_gate = ClientGateView{6433, now + Millis{1}, ""};
  EXPECT_THAT(text(s), HasSubstr("picket_client_gate_open 1"));
  s.client_gate->open_until = now;
  EXPECT_THAT(text(s), HasSubstr("picket_client_gate_open 0"));
}

TEST(Metrics, AreThereBeforeTheFirstVerdict) {
  EXPECT_THAT(metrics_text(nullptr, use, now, wall, {}), HasSubstr("picket_http_requests_total 34"));
}

TEST(Metrics, HavePatronisNamesOnlyWhenAskedFor) {
  EXPECT_THAT(text(scene::primary()), Not(HasSubstr("patroni_")));
  EXPECT_THAT(text(scene::primary(), true), HasSubstr("patroni_primary{scope=\"main\",name=\"pg1\"} 1"));
  EXPECT_THAT(text(scene::stale(), true), HasSubstr("patroni_primary{scope=\"main\",name=\"pg1\"} 0"));
}

/// promtool also checks the conventions: units, _total for counters, help texts.
TEST(Metrics, PleasePromtool) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  for (const auto& make : {&scene::primary, &scene::standby, &scene::stopped, &scene::stale, &scene::blind}) {
    const std::string path = testing::TempDir() + "picket_metrics.txt";
    std::ofstream(path) << text(make());
    EXPECT_EQ(std::system(("promtool check metrics < " + path).c_str()), 0);
  }
}

}  // namespace
}  // namespace picket
