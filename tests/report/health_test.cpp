#include "report/health.hpp"

#include <gmock/gmock.h>

#include "report/condition.hpp"
#include "report/scene.hpp"

namespace picket {
namespace {
using scene::fresh;
using scene::now;
using std::chrono_literals::operator""ms;

struct Expected {
  int status;
  std::string_view body;
};

void expect_answers(const Snapshot* snapshot, const std::vector<std::pair<std::string_view, Expected>>& rows,
                    Instant at = now, const FaceOptions& options = {}) {
  for (const auto& [path, expected] : rows) {
    const size_t mark = path.find('?');
    const std::string_view query = mark == path.npos ? std::string_view() : path.substr(mark + 1);
    const HealthAnswer answer = health(path.substr(0, mark), query, snapshot, at, options);
    EXPECT_EQ(answer.status, expected.status) << path;
    EXPECT_EQ(answer.body, expected.body) << path;
  }
}

constexpr Expected unreachable{503, "PostgreSQL Unreachable\n"};
constexpr Expected not_primary{503, "Service Unavailable - Not Primary\n"};
constexpr Expected not_replica{503, "Service Unavailable - Not Replica\n"};
constexpr Expected primary_ok{200, "OK - Primary\n"};
constexpr Expected replica_ok{200, "OK - Replica\n"};
constexpr Expected running{200, "OK - Running\n"};
constexpr Expected deciding{200, "OK - Deciding\n"};
constexpr Expected not_found{404, "Not Found\n"};

TEST(Health, OfAPrimary) {
  const Snapshot s = scene::primary();
  expect_answers(&s, {{"/", primary_ok},
                      {"/master", primary_ok},
                      {"/primary", primary_ok},
                      {"/read-write", primary_ok},
                      {"/replica", not_replica},
                      {"/read-only", primary_ok},
                      {"/readiness", primary_ok},
                      {"/health", running},
                      {"/liveness", deciding},
                      {"/elsewhere", not_found}});
}

TEST(Health, OfAStandby) {
  const Snapshot s = scene::standby();
  expect_answers(&s, {{"/", not_primary},
                      {"/master", not_primary},
                      {"/primary", not_primary},
                      {"/read-write", not_primary},
                      {"/replica", replica_ok},
                      {"/read-only", replica_ok},
                      {"/readiness", replica_ok},
                      {"/health", running},
                      {"/liveness", deciding},
                      {"/elsewhere", not_found}});
}

TEST(Health, OfAStoppedPostgresqlIsUnreachableOnEveryPathButLiveness) {
  const Snapshot s = scene::stopped();
  for (std::string_view path : {"/", "/master", "/primary", "/read-write", "/replica", "/read-only", "/readiness",
                                "/health", "/elsewhere", ""}) {
    expect_answers(&s, {{path, unreachable}});
  }
  expect_answers(&s, {{"/liveness", deciding}});
}

TEST(Health, OfAStalePrimaryIsNeitherAndYetReachable) {
  const Snapshot s = scene::stale();
  expect_answers(&s, {{"/primary", not_primary},
                      {"/replica", not_replica},
                      {"/read-only", {503, "Service Unavailable - Neither Primary Nor Replica\n"}},
                      {"/readiness", {503, "Service Unavailable - Neither Primary Nor Replica\n"}},
                      {"/health", running},
                      {"/elsewhere", not_found}});
}

TEST(Health, ToleratesOneSlashAtTheEndOfThePath) {
  const Snapshot s = scene::primary();
  expect_answers(&s, {{"/master/", primary_ok},
                      {"/replica/", not_replica},
                      {"/liveness/", deciding},
                      {"//", primary_ok},
                      {"/master//", not_found},
                      {"/masters", not_found},
                      {"/Master", not_found}});
}

TEST(Health, BeforeTheFirstVerdictIsUnreachableAndNotAlive) {
  expect_answers(nullptr, {{"/", unreachable},
                           {"/replica", unreachable},
                           {"/health", unreachable},
                           {"/liveness", {503, "Service Unavailable - Not Deciding\n"}},
                           {"/elsewhere", unreachable}});
  EXPECT_EQ(health("/", "", nullptr, now, {}).verdict, "0 none");
}

TEST(Health, OfASnapshotThatIsTooOldProvesNothing) {
  Snapshot s = scene::primary();
  s.decided = now - fresh;
  EXPECT_EQ(health("/primary", "", &s, now, {}).status, 200);
  s.decided = now - fresh - 1ms;
  for (std::string_view path : {"/", "/primary", "/read-only", "/readiness", "/health", "/elsewhere"}) {
    expect_answers(&s, {{path, unreachable}});
  }
  expect_answers(&s, {{"/liveness", deciding}});
  s.decided = now - 2 * fresh - 1ms;
  expect_answers(&s, {{"/liveness", {503, "Service Unavailable - Not Deciding\n"}}});
}

TEST(Health, FollowsTheVerdictWhileTheRoleCannotBeReadForAMoment) {
  Snapshot s = scene::primary();
  s.verdict.rule = Rule::R14;
  s.board.server.session.answer = Answer::closed;
  expect_answers(
      &s, {{"/primary", primary_ok}, {"/replica", not_replica}, {"/health", unreachable}, {"/elsewhere", not_found}});
}

TEST(Health, CarriesTheVerdictThatItComesFrom) {
  const Snapshot s = scene::primary();
  EXPECT_EQ(health("/primary", "", &s, now, {}).verdict, "17 R1");
}

TEST(PostgresqlUp, NeedsAFreshRoleOverAnOpenSessionOfALivingPostmaster) {
  const Board up = scene::primary().board;
  EXPECT_TRUE(postgresql_up(up, now, fresh));
  Board b = up;
  b.server.facts_asked = now - fresh - 1ms;
  EXPECT_FALSE(postgresql_up(b, now, fresh));
  b = up;
  b.server.session.answer = Answer::timed_out;
  EXPECT_FALSE(postgresql_up(b, now, fresh));
  b = up;
  b.postmaster.process = PostmasterFacts::Process::absent;
  EXPECT_FALSE(postgresql_up(b, now, fresh));
  b = up;
  b.server.facts.reset();
  EXPECT_FALSE(postgresql_up(b, now, fresh));
  b = up;
  b.server.facts->role = Role::unknown;
  EXPECT_FALSE(postgresql_up(b, now, fresh));
}

}  // namespace
}  // namespace picket
