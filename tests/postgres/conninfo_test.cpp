#include "postgres/conninfo.hpp"

#include <gmock/gmock.h>

#include "postgres/resolver.hpp"

namespace picket {
namespace {
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

ConnInfo parsed(const std::string& text) {
  std::string error;
  auto info = parse_conninfo(text, error);
  EXPECT_TRUE(info) << error;
  return info.value_or(ConnInfo{});
}

TEST(ConnInfo, TakesKeywordsAndUris) {
  const auto words = parsed("host=node1 port=5433 user=repmgr dbname='re pmgr' connect_timeout=2");
  EXPECT_EQ(words.host, "node1");
  EXPECT_EQ(words.port, "5433");
  EXPECT_EQ(words.user, "repmgr");
  EXPECT_THAT(words.options, Contains(Pair("dbname", "re pmgr")));
  const auto uri = parsed("postgresql://repmgr@10.0.0.2:5434/repmgr");
  EXPECT_EQ(uri.host, "10.0.0.2");
  EXPECT_EQ(uri.port, "5434");
}

TEST(ConnInfo, SaysInLibpqsWordsWhatIsWrong) {
  std::string error;
  EXPECT_FALSE(parse_conninfo("hots=node1", error));
  EXPECT_THAT(error, HasSubstr("hots"));
  EXPECT_FALSE(parse_conninfo("host='node1", error));
  EXPECT_THAT(error, Not(HasSubstr("\n")));
  EXPECT_FALSE(parse_conninfo("service=pg", error));
  EXPECT_THAT(error, HasSubstr("service="));
}

TEST(HostIsName, ForWhatANameServiceMustBeAsked) {
  EXPECT_TRUE(host_is_name("node1"));
  EXPECT_TRUE(host_is_name("localhost"));
  EXPECT_FALSE(host_is_name("10.0.0.1"));
  EXPECT_FALSE(host_is_name("fe80::1"));
  EXPECT_FALSE(host_is_name("/run/postgresql"));
  EXPECT_FALSE(host_is_name("@abstract"));
  EXPECT_FALSE(host_is_name(""));
}

TEST(ConnectParameters, CarryTheAddressesInTheOrderAsked) {
  const auto info = parsed("host=db port=5433 user=x");
  const std::vector<Endpoint> two{{"db", "::1", "5433"}, {"db", "127.0.0.1", "5433"}};
  auto p = connect_parameters(info, two, 0);
  EXPECT_THAT(p, Contains(Pair("hostaddr", "::1,127.0.0.1")));
  EXPECT_THAT(p, Contains(Pair("host", "db,db")));
  EXPECT_THAT(p, Contains(Pair("port", "5433,5433")));
  EXPECT_THAT(p, Contains(Pair("user", "x")));
  p = connect_parameters(info, two, 3);
  EXPECT_THAT(p, Contains(Pair("hostaddr", "127.0.0.1,::1")));
}

TEST(ConnectParameters, OfASocketFolderHaveNoAddress) {
  const auto p = connect_parameters(parsed("host=/run/postgresql"), {{"/run/postgresql", "", ""}}, 0);
  EXPECT_THAT(p, Contains(Pair("host", "/run/postgresql")));
  EXPECT_THAT(p, Not(Contains(Key("hostaddr"))));
  EXPECT_THAT(p, Not(Contains(Key("port"))));
}

}  // namespace
}  // namespace picket
