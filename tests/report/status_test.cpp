// The status as JSON and as text, against golden files.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "report/golden.hpp"
#include "report/scene.hpp"
#include "report/status_json.hpp"
#include "report/status_text.hpp"

namespace picket {
namespace {
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Status : public testing::TestWithParam<std::pair<const char*, Snapshot (*)()>> {};

TEST_P(Status, IsAsItsGoldenFilesSay) {
  const auto& [name, make] = GetParam();
  auto status = nlohmann::ordered_json::parse(status_json(make(), scene::now));
  status["version"] = "VERSION";  // a release must not change the golden files
  expect_golden(std::string(name) + ".json", status.dump(1) + '\n');
  expect_golden(std::string(name) + ".txt", status_text(json(status)));
}

TEST_P(Status, NeverShowsAConnectionString) {
  EXPECT_THAT(status_json(GetParam().second(), scene::now), Not(HasSubstr("hunter2")));
}

INSTANTIATE_TEST_SUITE_P(Scenes, Status,
                         testing::Values(std::pair{"primary", &scene::primary}, std::pair{"standby", &scene::standby},
                                         std::pair{"stopped", &scene::stopped}, std::pair{"stale", &scene::stale},
                                         std::pair{"blind", &scene::blind}, std::pair{"witness", &scene::witness}),
                         [](const auto& row) { return row.param.first; });

TEST(StatusJson, IsOneLineOfUtf8EvenWhenAServerSendsOtherBytes) {
  Snapshot s = scene::stopped();
  s.board.server.session.detail = "Verbindung zum Server auf \xe4\xf6 fehlgeschlagen\n";
  const std::string text = status_json(s, scene::now);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_NO_THROW(json::parse(text));
}

/// Every null has a reason near: in its own object, as "why" or as the "detail" of the attempt.
TEST(StatusJson, SaysWhyWhereSomethingIsNotKnown) {
  const json status = json::parse(status_json(scene::blind(), scene::now));
  const json& local = status["local"];
  EXPECT_EQ(local["role"], nullptr);
  EXPECT_EQ(local["why"], "not asked yet");
  EXPECT_EQ(local["postmaster"]["why"], "postmaster.pid: Permission denied");
  EXPECT_EQ(local["disk"]["why"], "global/pg_control: Permission denied");
  EXPECT_EQ(local["unit"]["why"], "D-Bus: connection refused");
  EXPECT_EQ(local["address"]["why"], "netlink: out of memory");
  EXPECT_EQ(local["keepalived"]["why"], "/run/keepalived.pid: Permission denied");
  EXPECT_EQ(status["nodes"]["why"], "repmgr.nodes: not asked yet");
  EXPECT_EQ(status["fence"]["fenced"], nullptr);
  EXPECT_EQ(status["fence"]["why"], "/var/lib/picket/fence.json: Input/output error");
}

TEST(StatusText, BeginsWithTheRuleAndItsSentence) {
  const std::string text = status_text(json::parse(status_json(scene::stale(), scene::now)));
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "R3  stale primary of timeline 1: pg2 is primary of timeline 2 and a majority follows it");
}

TEST(StatusText, WarnsThatTheDaemonIsStuck) {
  const auto at = [](Millis later) {
    return status_text(json::parse(status_json(scene::primary(), scene::now + later)));
  };
  EXPECT_THAT(at(Millis{2900}), Not(HasSubstr("has not decided")));
  EXPECT_THAT(at(Millis{8000}), HasSubstr("  ! picketd has not decided anything for 8.0 s: what follows is old\n"));
}

TEST(StatusText, ShowsMaintenanceBesideTheAlarms) {
  Snapshot s = scene::primary();
  s.maintenance = Maintenance{"a new disk", "uid 0", scene::now + Millis{90'000}};
  const json status = json::parse(status_json(s, scene::now));
  EXPECT_EQ(status["maintenance"], (json{{"reason", "a new disk"}, {"by", "uid 0"}, {"left_s", 90.0}}));
  EXPECT_THAT(status_text(status), HasSubstr("! MAINTENANCE for another "));
}

TEST(StatusText, NeverLetsAServersWordsDriveTheTerminal) {
  EXPECT_THAT(status_text(json::parse(status_json(scene::stale(), scene::now))), Not(HasSubstr("\x1b")));
}

TEST(StatusText, IsReadFromWhateverJsonThereIs) {
  for (const char* odd : {"{}", "[]", "null", "3", R"({"verdict":7,"local":[],"peers":{},"fence":"x","node":null})",
                          R"({"verdict":{"rule":null,"alarms":"x","since_s":"y"},"peers":[null,3,{"id":{}}]})",
                          R"({"local":{"receiver":{},"followers":[1,{}],"unit":{"job":[]}},"fence":{"rungs":[{}]}})"}) {
    EXPECT_NE(status_text(json::parse(odd)), "") << odd;
  }
}

/// Leaves out one key after the other, at every depth, of a full status.
TEST(StatusText, MissesNoKeySoMuchThatItFails) {
  const json full = json::parse(status_json(scene::stale(), scene::now));
  const json flat = full.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    json less = full;
    const json::json_pointer at(pointer);
    if (less[at.parent_pointer()].is_object()) less[at.parent_pointer()].erase(at.back());
    EXPECT_NO_THROW(status_text(less)) << pointer;
    less[at.parent_pointer()] = nullptr;
    EXPECT_NO_THROW(status_text(less)) << pointer;
  }
}

TEST(StatusJson, TellsTheLeaseAndTheAgentsBehindIt) {
  Snapshot s = scene::primary();
  EXPECT_EQ(json::parse(status_json(s, scene::now))["lease"], nullptr);
  s.verdict.lease = Wish::hold;
  s.board.lease = LeaseFacts{.voters = 3,
                             .majority = 2,
                             .term = 4,
                             .had = true,
                             .valid_until = scene::now + Millis{2700},
                             .confirmed = scene::now - Millis{300},
                             .won_term = 4,
                             .won_by = 1,
                             .winner_promoted = {},
                             .campaigning = false,
                             .words = {}};
  s.links = {{2, scene::now - Millis{200}, {{"replayed", 3}}, "R12 replica"}, {9, {}, {}, {}}};
  const json lease = json::parse(status_json(s, scene::now))["lease"];
  EXPECT_EQ(lease,
            (json{{"valid", true},
                  {"left_s", 2.7},
                  {"term", 4},
                  {"wish", "hold"},
                  {"voters", 3},
                  {"majority", 2},
                  {"holder", "pg1"},
                  {"holder_term", 4},
                  {"campaigning", false},
                  {"client_gate", nullptr},
                  {"agents",
                   {{{"node", "pg2"}, {"heard_s", 0.2}, {"says", "R12 replica"}, {"dropped", {{"replayed", 3}}}},
                    {{"node", "node 9"}, {"heard_s", nullptr}, {"says", nullptr}, {"dropped", json::object()}}}}}));
  s.board.lease->valid_until = scene::now;
  EXPECT_EQ(json::parse(status_json(s, scene::now))["lease"]["valid"], false);
  EXPECT_EQ(json::parse(status_json(s, scene::now))["lease"]["left_s"], nullptr);
}

TEST(Status, TellsTheClientGate) {
  Snapshot s = scene::primary();
  s.board.lease.emplace();
  s.client_gate = ClientGateView{6433, scene::now + Millis{1500}, ""};
  std::string told = status_json(s, scene::now);
  EXPECT_EQ(json::parse(told)["lease"]["client_gate"],
            (json::object({{"port", 6433}, {"open", true}, {"left_s", 1.5}, {"problem", nullptr}})));
  EXPECT_THAT(status_text(json::parse(told)), HasSubstr("\n  client gate: port 6433, open for another 1.5 s\n"));
  s.client_gate = ClientGateView{6433, {}, "it cannot be put back"};
  s.problems = {"it cannot be put back"};  // as the agent has it
  told = status_json(s, scene::now);
  EXPECT_EQ(json::parse(told)["lease"]["client_gate"]["open"], false);
  EXPECT_EQ(json::parse(told)["lease"]["client_gate"]["problem"], "it cannot be put back");
  EXPECT_THAT(status_text(json::parse(told)),
              HasSubstr("\n  client gate: port 6433, closed\n  ! it cannot be put back\n\n"));
}

TEST(StatusText, SaysNothingOfAFenceThatDoesNothing) {
  Snapshot s = scene::primary();
  s.fence_phase = "idle";
  EXPECT_THAT(status_text(json::parse(status_json(s, scene::now))), Not(HasSubstr("now:")));
}

}  // namespace
}  // namespace picket
