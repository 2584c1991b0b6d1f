// The byte contract of the guide's pgchk.py, row by row over a real socket, and what is added
// to it.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "http/served.hpp"
#include "report/pages.hpp"
#include "report/scene.hpp"

namespace picket {
namespace {

/// Serves one scene for ever.
class Face {
 public:
  explicit Face(Snapshot snapshot, Dialect dialect = Dialect::pgchk)
      : snapshot_(std::move(snapshot)),
        pages_(options(dialect)),
        served_({.address = "127.0.0.1", .port = 0},
                [this](Method, std::string_view path, std::string_view query) -> const Page& {
                  return pages_.page(path, query, &snapshot_, scene::now);
                }) {}
  std::string ask(const std::string& request) const { return picket::ask(served_.port(), request); }

 private:
  static FaceOptions options(Dialect dialect) {
    FaceOptions o;
    o.dialect = dialect;
    return o;
  }
  Snapshot snapshot_;
  Pages pages_;
  Served served_;
};

struct Row {
  std::string path;
  int status;
  std::string body;
};

void expect_rows(Snapshot snapshot, const std::vector<Row>& rows) {
  const Face face(std::move(snapshot));
  for (const Row& row : rows) {
    for (const std::string suffix : {"", "?lag=1MB", "?"}) {
      for (const std::string version : {" HTTP/1.0\r\n\r\n", " HTTP/1.1\r\nConnection: close\r\n\r\n"}) {
        const std::string target = row.path + suffix;
        const std::string start = "HTTP/1.1 " + std::to_string(row.status) + ' ';
        const std::string got = face.ask("GET " + target + version);
        EXPECT_EQ(got.substr(0, start.size()), start) << target;
        EXPECT_EQ(body_of(got), row.body) << target;
        for (const std::string method : {"HEAD ", "OPTIONS "}) {
          const std::string bodyless = face.ask(method + target + version);
          EXPECT_EQ(bodyless.substr(0, start.size()), start) << method << target;
          EXPECT_EQ(body_of(bodyless), "") << method << target;
        }
      }
    }
  }
}

TEST(PgchkContract, OfAPrimary) {
  expect_rows(scene::primary(), {{"/", 200, "OK - Primary\n"},
                                 {"/master", 200, "OK - Primary\n"},
                                 {"/replica", 503, "Service Unavailable - Not Replica\n"},
                                 {"/replica/", 503, "Service Unavailable - Not Replica\n"},
                                 {"/other", 404, "Not Found\n"}});
}

TEST(PgchkContract, OfAStandby) {
  expect_rows(scene::standby(), {{"/", 503, "Service Unavailable - Not Primary\n"},
                                 {"/master", 503, "Service Unavailable - Not Primary\n"},
                                 {"/replica", 200, "OK - Replica\n"},
                                 {"/replica/", 200, "OK - Replica\n"},
                                 {"/other", 404, "Not Found\n"}});
}

TEST(PgchkContract, OfAnUnreachablePostgresqlIsTheSameOnEveryPath) {
  expect_rows(scene::stopped(), {{"/", 503, "PostgreSQL Unreachable\n"},
                                 {"/master", 503, "PostgreSQL Unreachable\n"},
                                 {"/replica", 503, "PostgreSQL Unreachable\n"},
                                 {"/other", 503, "PostgreSQL Unreachable\n"}});
}

/// In Patroni's dialect every check carries the node's JSON, for GET alone.
TEST(PatroniContract, HasJsonForGetAndNothingForHeadAndOptions) {
  const Face face(scene::primary(), Dialect::patroni);
  for (const auto& [path, status] :
       {std::pair{"/", 200}, std::pair{"/replica?lag=1MB", 503}, std::pair{"/none", 503}}) {
    const std::string start = "HTTP/1.1 " + std::to_string(status) + ' ';
    const std::string got = face.ask(std::string("GET ") + path + " HTTP/1.0\r\n\r\n");
    EXPECT_THAT(got, testing::StartsWith(start)) << path;
    EXPECT_THAT(got, testing::HasSubstr("\r\nContent-Type: application/json\r\n")) << path;
    EXPECT_EQ(nlohmann::json::parse(body_of(got))["role"], "primary") << path;
    for (const std::string method : {"HEAD ", "OPTIONS "}) {
      const std::string bodyless = face.ask(method + path + " HTTP/1.0\r\n\r\n");
      EXPECT_THAT(bodyless, testing::StartsWith(start)) << method << path;
      EXPECT_EQ(body_of(bodyless), "") << method << path;
    }
  }
}

TEST(PatroniContract, HasItsDocumentsInBothDialectsAndByEveryMethod) {
  for (const Dialect dialect : {Dialect::pgchk, Dialect::patroni}) {
    const Face face(scene::standby(), dialect);
    for (const auto& [path, status] :
         {std::pair{"/patroni", 200}, std::pair{"/cluster", 200}, std::pair{"/history", 200},
          std::pair{"/metrics", 200}, std::pair{"/status", 200}, std::pair{"/config", 502},
          std::pair{"/failsafe", 502}}) {
      const std::string start = "HTTP/1.1 " + std::to_string(status) + ' ';
      const std::string got = face.ask(std::string("GET ") + path + " HTTP/1.0\r\n\r\n");
      EXPECT_THAT(got, testing::StartsWith(start)) << path;
      EXPECT_NE(body_of(got), "") << path;
      for (const std::string method : {"HEAD ", "OPTIONS "}) {
        EXPECT_THAT(face.ask(method + path + " HTTP/1.0\r\n\r\n"), testing::StartsWith(start)) << method << path;
      }
    }
    EXPECT_EQ(nlohmann::json::parse(body_of(face.ask("GET /cluster HTTP/1.0\r\n\r\n")))["members"].size(), 3U);
  }
}

/// What changes something is repmgr's business.
TEST(PatroniContract, RefusesWhatWouldChangeSomething) {
  const Face face(scene::primary(), Dialect::patroni);
  for (const char* request : {"POST /switchover", "DELETE /switchover", "POST /failover", "POST /restart",
                              "POST /reload", "POST /reinitialize", "PATCH /config", "PUT /config", "POST /failsafe"}) {
    EXPECT_THAT(face.ask(std::string(request) + " HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"),
                testing::StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"))
        << request;
  }
}

}  // namespace
}  // namespace picket
