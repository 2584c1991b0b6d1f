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
  EXPECT_EQ(words.port_number(), 5433);
  EXPECT_EQ(words.user, "repmgr");
  EXPECT_EQ(words.dbname, "re pmgr");
  const auto uri = parsed("postgresql://repmgr@10.0.0.2:5434/repmgr");
  EXPECT_EQ(uri.host, "10.0.0.2");
  EXPECT_EQ(uri.port_number(), 5434);
}

TEST(ConnInfo, HasPort5432WhenNoneIsGiven) {
  EXPECT_EQ(parsed("host=a").port_number(), 5432);
  EXPECT_EQ(parsed("host=a,b port=5433,5434").port_number(), 5433);
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

TEST(Resolver, NeedsNobodyForAddressesAndFolders) {
  Loop loop;
  Worker worker(loop);
  const Resolver resolver(worker, parsed("host=/run/postgresql,10.0.0.1 port=5433"), [] {});
  const std::vector<Endpoint> expected{{"/run/postgresql", "", "5433"}, {"10.0.0.1", "10.0.0.1", "5433"}};
  EXPECT_EQ(resolver.endpoints(), expected);
  EXPECT_EQ(worker.pending(), 0u);
}

TEST(Resolver, FindsTheAddressesOfAName) {
  Loop loop;
  Worker worker(loop);
  int told = 0;
  const Resolver resolver(worker, parsed("host=localhost"), [&] { ++told; });
  EXPECT_TRUE(resolver.endpoints().empty());
  EXPECT_TRUE(loop.run_until([&] { return told == 1; }, Millis{10'000}));
  EXPECT_THAT(resolver.endpoints(), Contains(Endpoint{"localhost", "127.0.0.1", ""}));
  EXPECT_EQ(resolver.error(), "");
}

TEST(Resolver, SaysWhichNameNobodyKnows) {
  Loop loop;
  Worker worker(loop);
  int told = 0;
  const Resolver resolver(worker, parsed("host=no-such-host.invalid"), [&] { ++told; });
  EXPECT_TRUE(loop.run_until([&] { return told == 1; }, Millis{20'000}));
  EXPECT_TRUE(resolver.endpoints().empty());
  EXPECT_THAT(resolver.error(), HasSubstr("no-such-host.invalid"));
}

TEST(Resolver, MayGoWhileALookupIsUnderWay) {
  Loop loop;
  Worker worker(loop);
  bool after = false;
  {
    const Resolver resolver(worker, parsed("host=localhost"), [] { FAIL() << "called after its end"; });
  }
  worker.run([] {}, [&] { after = true; });
  EXPECT_TRUE(loop.run_until([&] { return after; }, Millis{10'000}));
}

TEST(Resolver, SaysWhenListsDoNotMatch) {
  Loop loop;
  Worker worker(loop);
  const Resolver resolver(worker, parsed("host=a,b hostaddr=10.0.0.1"), [] {});
  EXPECT_TRUE(resolver.endpoints().empty());
  EXPECT_THAT(resolver.error(), HasSubstr("different lengths"));
}

}  // namespace
}  // namespace picket
