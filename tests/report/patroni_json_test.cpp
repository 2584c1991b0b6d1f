#include "report/patroni_json.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "report/golden.hpp"
#include "report/scene.hpp"

namespace picket {
namespace {
using nlohmann::json;
using scene::now;

constexpr int64_t wall = 1'795'309'831'123'456;  // 2026-11-22 00:30:31.123456 UTC

FaceOptions options() {
  FaceOptions o;
  o.tags = {{"zone", "a"}, {"nosync", "true"}, {"weight", "3"}};
  return o;
}

json status(const Snapshot& s) { return json::parse(patroni_json(&s, now, wall, options())); }
json cluster(const Snapshot& s) { return json::parse(cluster_json(&s, now, options())); }

class PatroniJson : public testing::TestWithParam<std::pair<const char*, Snapshot (*)()>> {};

TEST_P(PatroniJson, IsAsItsGoldenFilesSay) {
  const auto& [name, make] = GetParam();
  const Snapshot s = make();
  auto body = nlohmann::ordered_json::parse(patroni_json(&s, now, wall, options()));
  body["patroni"]["version"] = "VERSION";
  expect_golden(std::string("patroni_") + name + ".json", body.dump(1) + '\n');
  expect_golden(std::string("cluster_") + name + ".json",
                nlohmann::ordered_json::parse(cluster_json(&s, now, options())).dump(1) + '\n');
}

INSTANTIATE_TEST_SUITE_P(Scenes, PatroniJson,
                         testing::Values(std::pair{"primary", &scene::primary}, std::pair{"standby", &scene::standby},
                                         std::pair{"stopped", &scene::stopped}, std::pair{"stale", &scene::stale},
                                         std::pair{"blind", &scene::blind}),
                         [](const auto& row) { return row.param.first; });

TEST(PatroniBody, CallsNobodyPrimaryWhoIsNotConfirmed) {
  EXPECT_EQ(status(scene::primary())["role"], "primary");
  EXPECT_EQ(status(scene::stale())["role"], "demoted");
  const json stale = cluster(scene::stale());
  for (const json& member : stale["members"]) EXPECT_NE(member["role"], "leader");
}

TEST(PatroniBody, GivesPositionsAsNumbersAndTheSystemAsText) {
  const json primary = status(scene::primary()), standby = status(scene::standby());
  EXPECT_EQ(primary["xlog"], (json{{"location", 0x3000060}}));
  EXPECT_EQ(standby["xlog"]["received_location"], 0x3000060);
  EXPECT_EQ(standby["xlog"]["replayed_location"], 0x3000028);
  EXPECT_EQ(standby["xlog"]["paused"], false);
  EXPECT_EQ(primary["database_system_identifier"], "7412345678901234567");
}

TEST(PatroniBody, SaysThatTheLagIsUnknownAsPatroniDoes) {
  Snapshot s = scene::standby();
  s.board.server.facts->receiver.reset();
  EXPECT_EQ(cluster(scene::standby())["members"][0]["lag"], 216);
  const json seen = cluster(s);
  EXPECT_EQ(seen["members"][0]["name"], "pg1");
  EXPECT_EQ(seen["members"][0]["lag"], "unknown");
}

TEST(PatroniBody, CallsAStandbyWithoutAReceiverInArchiveRecovery) {
  Snapshot s = scene::standby();
  EXPECT_EQ(status(s)["replication_state"], "streaming");
  s.board.server.facts->receiver.reset();
  EXPECT_EQ(status(s)["state"], "running");
  EXPECT_EQ(status(s)["replication_state"], "in archive recovery");
  EXPECT_EQ(cluster(s)["members"][0]["state"], "in archive recovery");
  EXPECT_FALSE(status(scene::primary()).contains("replication_state"));
}

TEST(PatroniHistory, IsTheTimelineHistoryOfTheServer) {
  Snapshot s = scene::primary();
  EXPECT_EQ(history_json(&s), "[]");
  EXPECT_EQ(history_json(nullptr), "[]");
  s.timeline_history = "# a comment\n1\t0/3000060\tno recovery target specified\n\n2\tA/B0000000\t\nnonsense\n";
  EXPECT_EQ(json::parse(history_json(&s)),
            (json{{1, 0x3000060, "no recovery target specified"}, {2, 0xAB0000000, ""}}));
}

TEST(PatroniBody, WritesMomentsAsPythonDoes) {
  EXPECT_EQ(moment_text(0), "1970-01-01 00:00:00.000000+00:00");
  EXPECT_EQ(moment_text(1'700'000'000'000'042), "2023-11-14 22:13:20.000042+00:00");
}

TEST(MajorityLastSeen, IsWhenEnoughOthersHaveAnswered) {
  Snapshot s = scene::primary();
  EXPECT_EQ(majority_last_seen(s.board, now, wall), (wall - 100'000) / 1'000'000);
  s.board.peers[0].server.session.answered_asked = now - Millis{5000};
  s.board.peers[1].server.session.answered_asked = now - Millis{90'000};
  EXPECT_EQ(majority_last_seen(s.board, now, wall), (wall - 5'000'000) / 1'000'000);
  for (Peer& peer : s.board.peers) peer.server.session.answered_asked.reset();
  EXPECT_EQ(majority_last_seen(s.board, now, wall), 0);
}

}  // namespace
}  // namespace picket
