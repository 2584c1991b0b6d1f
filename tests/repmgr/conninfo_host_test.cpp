#include "repmgr/conninfo_host.hpp"

#include <gmock/gmock.h>
#include <libpq-fe.h>

#include <memory>

namespace picket {
namespace {
using testing::HasSubstr;
using testing::Not;

struct Case {
  const char* text;
  const char* name;
  int port;
};

/// What libpq itself makes of one keyword of the string; "(error)" when it refuses the string.
std::string of_libpq(const char* text, const std::string& keyword) {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(text, nullptr),
                                                                               PQconninfoFree);
  if (!options) return "(error)";
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (option->keyword == keyword) return option->val == nullptr ? "" : option->val;
  return "";
}

TEST(ConninfoHost, IsReadAsLibpqReadsIt) {
  for (const Case& c : {
           Case{"host=10.0.0.11 user=repmgr dbname=repmgr connect_timeout=2", "10.0.0.11", 5432},
           Case{"  host = pg1   port = 6432  ", "pg1", 6432},
           Case{"host='pg1' port='5433'", "pg1", 5433},
           Case{"user='o\\'brien' host=pg1", "pg1", 5432},
           Case{"password='host=evil' host=pg1", "pg1", 5432},
           Case{"password=a\\ b host=pg1", "pg1", 5432},
           Case{"hostaddr=10.0.0.11", "10.0.0.11", 5432},
           Case{"host=pg1 hostaddr=10.0.0.11", "pg1", 5432},
           Case{"host=/var/run/postgresql", "/var/run/postgresql", 5432},
           Case{"host=pg1 host=pg2", "pg2", 5432},
           Case{"host=pg1 port=''", "pg1", 5432},
           Case{"host=fe80::1%eth0", "fe80::1%eth0", 5432},
           Case{"", "", 5432},
           Case{"dbname=repmgr", "", 5432},
           Case{"postgresql://pg1", "pg1", 5432},
           Case{"postgres://repmgr:secret@pg1:6432/repmgr", "pg1", 6432},
           Case{"postgresql://repmgr@[2001:db8::1]:6432/repmgr", "2001:db8::1", 6432},
           Case{"postgresql://[::1]/repmgr", "::1", 5432},
           Case{"postgresql://%2Fvar%2Frun%2Fpostgresql/repmgr", "/var/run/postgresql", 5432},
           Case{"postgresql:///repmgr?host=pg1&port=6432", "pg1", 6432},
           Case{"postgresql://pg1:/repmgr", "pg1", 5432},
           Case{"postgresql://pg1?connect_timeout=2", "pg1", 5432},
           Case{"postgresql://", "", 5432},
       }) {
    const ConninfoHost found = parse_conninfo_host(c.text);
    EXPECT_EQ(found.error, "") << c.text;
    EXPECT_EQ(found.name(), c.name) << c.text;
    EXPECT_EQ(found.port, c.port) << c.text;
    EXPECT_EQ(found.host, of_libpq(c.text, "host")) << c.text;
    EXPECT_EQ(found.hostaddr, of_libpq(c.text, "hostaddr")) << c.text;
    const std::string port = of_libpq(c.text, "port");
    EXPECT_EQ(std::to_string(found.port), port.empty() ? "5432" : port) << c.text;
  }
}

TEST(ConninfoHost, KeepsHostAndHostaddrApart) {
  const ConninfoHost found = parse_conninfo_host("host=pg1 hostaddr=10.0.0.11");
  EXPECT_EQ(found.host, "pg1");
  EXPECT_EQ(found.hostaddr, "10.0.0.11");
}

TEST(ConninfoHost, OfAMalformedStringIsAnError) {
  for (const char* text : {"host",
                           "host pg1",
                           "=pg1",
                           "host='pg1",
                           "host=pg1 port=abc",
                           "host=pg1 port=0",
                           "host=pg1 port=65536",
                           "host=pg1 port=5432x",
                           "host=pg1 port=-1",
                           "host=pg1,pg2",
                           "hostaddr=10.0.0.1,10.0.0.2",
                           "host=pg1 port=5432,5433",
                           "postgresql://[::1",
                           "postgresql://[::1]x",
                           "postgresql://pg%1",
                           "postgresql://pg%zz",
                           "postgresql://pg%00",
                           "postgresql://pg1?sslmode",
                           "postgresql://pg1:port",
                           "postgresql://pg1,pg2",
                           "pg1"}) {
    EXPECT_NE(parse_conninfo_host(text).error, "") << text;
  }
}

TEST(ConninfoHost, IsMalformedWhereverLibpqSaysSo) {
  for (const char* text : {"host", "host pg1", "host='pg1", "postgresql://[::1", "postgresql://[::1]x",
                           "postgresql://pg%1", "postgresql://pg%00", "postgresql://pg1?sslmode", "pg1"}) {
    EXPECT_EQ(of_libpq(text, "host"), "(error)") << text;
    EXPECT_NE(parse_conninfo_host(text).error, "") << text;
  }
}

TEST(ConninfoHost, NeverQuotesAPasswordInAnError) {
  EXPECT_THAT(parse_conninfo_host("password=hunter2 hunter3").error, Not(HasSubstr("hunter")));
  EXPECT_THAT(parse_conninfo_host("password='hunter2").error, Not(HasSubstr("hunter")));
  EXPECT_THAT(parse_conninfo_host("postgresql://u:hunter2@pg1:x/").error, Not(HasSubstr("hunter")));
}

TEST(ConninfoHost, SurvivesEveryPrefixOfAString) {
  for (const std::string text :
       {"user='o\\'brien' host=pg1 port=5432 ", "postgresql://u:p%40ss@[2001:db8::1]:6432/db?host=pg%31&port=5433"})
    for (size_t length = 0; length <= text.size(); ++length) parse_conninfo_host(text.substr(0, length));
}

}  // namespace
}  // namespace picket
