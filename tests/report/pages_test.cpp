#include "report/pages.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "report/scene.hpp"

namespace picket {
namespace {
using scene::now;
using testing::HasSubstr;

TEST(Pages, AreRenderedOncePerVerdict) {
  Pages pages({});
  Snapshot s = scene::primary();
  const std::string_view first = pages.page("/primary", "", &s, now).head(Method::get, false);
  EXPECT_EQ(pages.page("/primary", "", &s, now).head(Method::get, false).data(), first.data());
  EXPECT_THAT(std::string(first), HasSubstr("Picket-Verdict: 17 R1\r\n"));
  s.generation = 18;
  s.verdict.rule = Rule::R5;
  EXPECT_THAT(std::string(pages.page("/primary", "", &s, now).head(Method::get, false)),
              HasSubstr("Picket-Verdict: 18 R5\r\n"));
}

TEST(Pages, TurnTo503WhenTheSnapshotGetsTooOldThoughTheVerdictStands) {
  Pages pages({});
  const Snapshot s = scene::primary();
  EXPECT_EQ(pages.page("/primary", "", &s, now).status(), 200);
  EXPECT_EQ(pages.page("/primary", "", &s, now + scene::fresh).status(), 503);
  EXPECT_EQ(pages.page("/primary", "", &s, now).status(), 200);
}

TEST(Pages, ShowTheStatusHoweverOldItIs) {
  Pages pages({});
  const Snapshot s = scene::primary();
  for (std::string_view path : {"/status", "/status/"}) {
    const Page& page = pages.page(path, "", &s, now + std::chrono::hours{1});
    EXPECT_EQ(page.status(), 200);
    EXPECT_THAT(std::string(page.head(Method::get, false)), HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_EQ(nlohmann::json::parse(page.body())["verdict"]["age_s"], 3600.02);
  }
  EXPECT_EQ(pages.page("/status", "", nullptr, now).status(), 503);
}

TEST(Pages, KeepEachAnswerOfAVerdictApart) {
  Pages pages({});
  const Snapshot s = scene::standby();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pages.page("/replica", "", &s, now).body(), "OK - Replica\n");
    EXPECT_EQ(pages.page("/primary", "", &s, now).body(), "Service Unavailable - Not Primary\n");
    EXPECT_EQ(pages.page("/none", "", &s, now).body(), "Not Found\n");
  }
}

TEST(Pages, RenderJsonOncePerRoundAndOnlyForTheBody) {
  FaceOptions options;
  options.dialect = Dialect::patroni;
  Pages pages(options);
  Snapshot s = scene::standby();
  const char* first = pages.page("/replica", "lag=1MB", &s, now).body().data();
  EXPECT_EQ(pages.page("/replica", "lag=2MB", &s, now).body().data(), first);
  s.board.server.facts->replay_lsn = s.board.server.facts->lsn = 0x3000100;
  ++s.round;
  EXPECT_EQ(nlohmann::json::parse(pages.page("/replica", "", &s, now).body())["xlog"]["replayed_location"], 0x3000100);
}

TEST(Pages, AnswerEveryPathAlikeInADialectThatDoesNotRead) {
  FaceOptions options;
  options.dialect = Dialect::percona206;
  Pages pages(options);
  const Snapshot s = scene::standby();
  for (const char* path : {"/", "/status", "/metrics", "/x"}) EXPECT_EQ(pages.page(path, "", &s, now).status(), 206);
}

TEST(FixedPages, FollowTheSnapshot) {
  FixedPage page = FixedPage::http([](const Snapshot* s, Instant at) { return percona206(s, at, {}); });
  const Snapshot primary = scene::primary(), standby = scene::standby();
  EXPECT_EQ(page.page(nullptr, now).status(), 503);
  EXPECT_EQ(page.page(&primary, now).status(), 200);
  EXPECT_EQ(page.page(&standby, now).status(), 206);
  EXPECT_EQ(page.page(&standby, now + std::chrono::hours{1}).status(), 503);
}

}  // namespace
}  // namespace picket
