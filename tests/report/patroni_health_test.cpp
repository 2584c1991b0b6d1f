// The codes of Patroni's REST interface, route by route and parameter by parameter.
#include <gmock/gmock.h>

#include "report/health.hpp"
#include "report/scene.hpp"

namespace picket {
namespace {
using scene::now;

FaceOptions patroni(Tags tags = {}) {
  FaceOptions options;
  options.dialect = Dialect::patroni;
  options.tags = std::move(tags);
  return options;
}

int code(const std::string& target, const Snapshot& s, const FaceOptions& options = patroni()) {
  const size_t mark = target.find('?');
  return health(target.substr(0, mark), mark == target.npos ? "" : std::string_view(target).substr(mark + 1), &s, now,
                options)
      .status;
}

/// Each route with its code on a primary, a standby, and a standby that the primary calls synchronous or a quorum's.
struct Row {
  const char* path;
  int primary, async, sync, quorum;
};
constexpr Row rows[] = {
    {"/", 200, 503, 503, 503},
    {"/primary", 200, 503, 503, 503},
    {"/master", 200, 503, 503, 503},
    {"/read-write", 200, 503, 503, 503},
    {"/leader", 200, 503, 503, 503},
    {"/standby-leader", 503, 503, 503, 503},
    {"/standby_leader", 503, 503, 503, 503},
    {"/replica", 503, 200, 200, 200},
    {"/read-only", 200, 200, 200, 200},
    {"/sync", 503, 503, 200, 503},
    {"/synchronous", 503, 503, 200, 503},
    {"/quorum", 503, 503, 503, 200},
    {"/async", 503, 200, 503, 503},
    {"/asynchronous", 503, 200, 503, 503},
    {"/read-only-sync", 200, 503, 200, 503},
    {"/read-only-synchronous", 200, 503, 200, 503},
    {"/read-only-quorum", 200, 503, 503, 200},
    {"/health", 200, 200, 200, 200},
    {"/liveness", 200, 200, 200, 200},
    {"/readiness", 200, 200, 200, 200},
    {"/unknown", 503, 503, 503, 503},
    {"/replicas", 503, 503, 503, 503},
};

Snapshot standby_called(const std::string& sync_state) {
  Snapshot s = scene::standby();
  s.board.peers[0].server.facts->followers[0].sync_state = sync_state;
  return s;
}

TEST(PatroniCodes, OfEveryRoute) {
  for (const Row& row : rows) {
    for (const std::string slash : {"", "/"}) {
      EXPECT_EQ(code(row.path + slash, scene::primary()), row.primary) << row.path;
      EXPECT_EQ(code(row.path + slash, scene::standby()), row.async) << row.path;
      EXPECT_EQ(code(row.path + slash, standby_called("sync")), row.sync) << row.path;
      EXPECT_EQ(code(row.path + slash, standby_called("quorum")), row.quorum) << row.path;
      const int stopped = row.path == std::string("/liveness") ? 200 : 503;
      EXPECT_EQ(code(row.path + slash, scene::stopped()), stopped) << row.path;
    }
  }
}

TEST(PatroniCodes, OfAPrimaryThatIsNotConfirmedAreNeverItsOwn) {
  for (const Row& row : rows) {
    if (std::string_view(row.path) == "/health" || std::string_view(row.path) == "/liveness") continue;
    EXPECT_EQ(code(row.path, scene::stale()), 503) << row.path;
  }
}

TEST(PatroniCodes, SayNoPrimaryWhenPostgresqlDoesNotServeWhateverTheVerdict) {
  Snapshot s = scene::primary();
  for (const Answer answer : {Answer::starting, Answer::stopping, Answer::refused}) {
    s.board.server.session.answer = answer;
    EXPECT_EQ(code("/primary", s), 503);
  }
  s = scene::primary();
  s.board.postmaster.process = PostmasterFacts::Process::absent;
  EXPECT_EQ(code("/primary", s), 503);
}

TEST(PatroniCodes, WithoutThePrimaryInSightNobodyIsSynchronousAndNobodyIsAsynchronous) {
  Snapshot s = scene::standby();
  s.board.peers[0].server.session.answer = Answer::timed_out;
  EXPECT_EQ(code("/replica", s), 200);
  EXPECT_EQ(code("/sync", s), 503);
  EXPECT_EQ(code("/async", s), 503);
}

/// The scene's standby has 0x28 bytes received and not replayed, and the primary is 0xa0 bytes ahead of that.
TEST(Lag, BoundsWhatAStandbyIsOfferedFor) {
  const Snapshot s = scene::standby();
  for (const std::string path : {"/replica", "/read-only", "/async"}) {
    EXPECT_EQ(code(path + "?lag=216", s), 200) << path;
    EXPECT_EQ(code(path + "?lag=215", s), 503) << path;
    EXPECT_EQ(code(path + "?lag=1MB", s), 200) << path;
    EXPECT_EQ(code(path + "?lag=160&mode=write", s), 200) << path;
    EXPECT_EQ(code(path + "?lag=159&mode=write", s), 503) << path;
    EXPECT_EQ(code(path + "?lag=250ms", s), 200) << path;
    EXPECT_EQ(code(path + "?lag=249ms", s), 503) << path;
  }
  EXPECT_EQ(code("/primary?lag=0", scene::primary()), 200);
}

TEST(Lag, ThatIsUnknownFitsNoBound) {
  Snapshot s = scene::standby();
  s.board.server.facts->replay_lsn = s.board.server.facts->lsn = 0x3000100;
  s.board.server.facts->receiver.reset();
  s.verdict.rule = Rule::R13;
  EXPECT_EQ(code("/replica", s), 200);
  EXPECT_EQ(code("/replica?lag=1TB", s), 503);
  EXPECT_EQ(code("/replica?lag=1000s", s), 503);
  EXPECT_EQ(code("/readiness", s), 503);
}

TEST(Lag, ThatCannotBeReadIsNoBoundForPatroniAndABadRequestElsewhere) {
  EXPECT_EQ(code("/replica?lag=10M", scene::standby()), 200);
  EXPECT_EQ(code("/replica?lag=10M", scene::standby(), {}), 400);
  EXPECT_EQ(code("/replica?lag=10MB", scene::standby(), {}), 200);
}

TEST(Readiness, NeedsAStandbyThatStreamsCloseBehind) {
  Snapshot s = scene::standby();
  s.board.peers[0].server.facts->lsn += 1 << 20;
  EXPECT_EQ(code("/readiness", s), 503);
  EXPECT_EQ(code("/readiness?lag=2MB", s), 200);
  EXPECT_EQ(code("/readiness?lag=100&mode=write", scene::standby()), 503);
}

TEST(ReplicationState, IsCompared) {
  EXPECT_EQ(code("/replica?replication_state=streaming", scene::standby()), 200);
  EXPECT_EQ(code("/replica?replication_state=in+archive+recovery", scene::standby()), 503);
  Snapshot s = scene::standby();
  s.board.server.facts->receiver->status = "stopping";
  EXPECT_EQ(code("/replica?replication_state=streaming", s), 503);
}

TEST(ReplicationState, IsArchiveRecoveryWithoutAReceiver) {
  Snapshot s = scene::standby();
  s.board.server.facts->receiver.reset();
  EXPECT_EQ(code("/replica?replication_state=in+archive+recovery", s), 200);
  EXPECT_EQ(code("/replica?replication_state=streaming", s), 503);
  EXPECT_EQ(code("/replica?replication_state=whatever", s), 503);
}

TEST(PostmastersEnd, IsToldBeforeAnybodyKnowsWhatItLeft) {
  Snapshot s = scene::primary();
  s.board.postmaster.ended = true;
  EXPECT_EQ(code("/primary", s), 503);
  EXPECT_EQ(code("/health", s), 503);
  s = scene::standby();
  s.board.postmaster.ended = true;
  EXPECT_EQ(code("/replica", s), 503);
}

TEST(MaintenanceOfANode, KeepsReadsFromAStandbyAndNothingElse) {
  Snapshot s = scene::standby();
  s.maintenance = Maintenance{"new disk", "uid 0", now + Millis{1000}};
  EXPECT_EQ(code("/replica", s), 503);
  EXPECT_EQ(code("/replica?drain=404", s), 404);
  EXPECT_EQ(code("/read-only", s), 503);
  EXPECT_EQ(code("/async", s), 503);
  EXPECT_EQ(code("/health", s), 200);
  EXPECT_EQ(code("/liveness", s), 200);
  Snapshot primary = scene::primary();
  primary.maintenance = s.maintenance;
  EXPECT_EQ(code("/primary", primary), 200);
  EXPECT_EQ(code("/read-only", primary), 200);
  EXPECT_EQ(code("/readiness", primary), 200);
}

TEST(Tags, AreComparedAsText) {
  const FaceOptions options = patroni({{"zone", "a"}, {"nosync", "true"}, {"weight", "3"}});
  const auto asked = [&](const std::string& query) { return code("/replica?" + query, scene::standby(), options); };
  EXPECT_EQ(asked("tag_zone=a"), 200);
  EXPECT_EQ(asked("tag_zone=a&tag_nosync=true&tag_weight=3&lag=1MB"), 200);
  EXPECT_EQ(asked("tag_zone=b"), 503);
  EXPECT_EQ(asked("tag_unset=x"), 503);
  EXPECT_EQ(asked("tag_nosync=True"), 503);
  EXPECT_EQ(code("/read-only?tag_zone=b", scene::primary(), options), 503);
  EXPECT_EQ(code("/primary?tag_zone=b", scene::primary(), options), 200) << "tags do not count there";
}

TEST(Tags, NoLoadBalanceKeepsReadsAway) {
  const FaceOptions options = patroni({{"noloadbalance", "true"}});
  EXPECT_EQ(code("/replica", scene::standby(), options), 503);
  EXPECT_EQ(code("/read-only", scene::primary(), options), 200);
}

TEST(Fallback, LetsThePrimaryAnswerReadsOnlyWhenNoStandbyCan) {
  Snapshot s = scene::primary();
  EXPECT_EQ(code("/read-only", s), 200);
  EXPECT_EQ(code("/read-only?fallback=primary", s), 503);
  const auto spoil = [&](int id, const std::function<void(ServerView&)>& how) {
    how(s.board.peers[static_cast<size_t>(id - 2)].server);
  };
  spoil(2, [](ServerView& v) { v.session.answer = Answer::timed_out; });
  EXPECT_EQ(code("/read-only?fallback=primary", s), 503) << "pg3 is there";
  for (const auto& how : std::vector<std::function<void(ServerView&)>>{
           [](ServerView& v) { v.facts->receiver.reset(); }, [](ServerView& v) { v.facts->replay_paused = true; },
           [](ServerView& v) { v.facts_asked = now - Millis{1501}; },
           [](ServerView& v) { v.facts->system_identifier = 1; },
           [](ServerView& v) { v.facts->role = Role::primary; }}) {
    s.board.peers[1] = scene::primary().board.peers[1];
    spoil(3, how);
    EXPECT_EQ(code("/read-only?fallback=primary", s), 200);
  }
  EXPECT_EQ(code("/read-only?fallback=primary", scene::standby()), 200);
}

TEST(Fallback, HoldsTheOtherStandbysToTheBoundOfTheRequest) {
  Snapshot s = scene::primary();
  for (Peer& peer : s.board.peers) peer.server.facts->replay_lsn = 0x3000000;
  EXPECT_EQ(code("/read-only?fallback=primary&lag=96", s), 503);
  EXPECT_EQ(code("/read-only?fallback=primary&lag=95", s), 200);
}

TEST(Drain, IsNotDown) {
  Snapshot s = scene::standby();
  EXPECT_EQ(code("/replica?drain=404", s), 200);
  EXPECT_EQ(code("/replica?drain=404&lag=1", s), 404);
  s.verdict.advert = Advert::down;  // its lag has been too great for long enough
  EXPECT_EQ(code("/replica?drain=404", s), 404);
  EXPECT_EQ(code("/replica", s), 503);
  EXPECT_EQ(code("/replica?drain=404", scene::stopped()), 503);
  EXPECT_EQ(code("/replica?drain=404", scene::stale()), 503);
  EXPECT_EQ(code("/replica?drain=404", scene::primary()), 503);
}

TEST(PatroniBodies, AreJsonButForTheProbesOfKubernetes) {
  const Snapshot s = scene::primary();
  for (const Row& row : rows) {
    const HealthAnswer answer = health(row.path, "", &s, now, patroni());
    const bool bare = row.path == std::string("/liveness") || row.path == std::string("/readiness");
    EXPECT_EQ(answer.json, !bare) << row.path;
    EXPECT_EQ(answer.body, "") << row.path;
  }
}

}  // namespace
}  // namespace picket
