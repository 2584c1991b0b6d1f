#include "postgres/resolver.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {
using testing::Contains;
using testing::HasSubstr;

ConnInfo parsed(const std::string& text) {
  std::string error;
  auto info = parse_conninfo(text, error);
  EXPECT_TRUE(info) << error;
  return info.value_or(ConnInfo{});
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
  EXPECT_TRUE(loop.run_until([&] { return told == 1; }, Millis{40'000}));
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
