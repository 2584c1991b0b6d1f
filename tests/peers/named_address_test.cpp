// Peers that are known by name are looked up off the loop, and again when they are not heard.

#include "peers/named_address.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;

class Names : public testing::Test {
 protected:
  void settle() {
    ASSERT_TRUE(loop.run_until([&] { return names.pending() == 0; }, 10'000ms));
    loop.run_until([] { return false; }, 10ms);
  }
  Loop loop;
  Worker names{loop};
};

TEST_F(Names, NumericAddressesNeverTouchTheWorker) {
  NamedAddress four(names, "10.0.0.7", 8009, AF_INET), mapped(names, "10.0.0.7", 8009, AF_INET6),
      six(names, "fd00::7", 8009, AF_INET6), none(names, "fd00::7", 8009, AF_INET);
  EXPECT_EQ(names.pending(), 0u);
  EXPECT_EQ(text_of(*four.current()), "10.0.0.7:8009");
  EXPECT_EQ(text_of(*mapped.current()), "10.0.0.7:8009");
  EXPECT_EQ(text_of(*six.current()), "[fd00::7]:8009");
  EXPECT_FALSE(none.current());
  EXPECT_THAT(none.error(), testing::HasSubstr("fd00::7 cannot be reached"));
}

TEST_F(Names, AreLookedUpAgainAfterTenSecondsAndTheNextAddressIsTried) {
  std::vector<std::string> answer{"10.0.0.7", "fd00::7"};
  const auto ask = [&answer](const std::string& host, std::string& error) {
    EXPECT_EQ(host, "pg2.example");
    if (answer.empty()) error = "the name service is down";
    return answer;
  };
  NamedAddress name(names, "pg2.example", 8009, AF_INET6, ask);
  EXPECT_FALSE(name.current());
  EXPECT_THAT(name.error(), testing::HasSubstr("not resolved yet"));
  const Instant asked = boot_now();
  settle();
  EXPECT_EQ(text_of(*name.current()), "10.0.0.7:8009");
  EXPECT_EQ(name.error(), "");

  // The worker is busy, so that what is asked of it can be counted.
  names.run([] { std::this_thread::sleep_for(50ms); }, [] {});
  name.refresh(asked + 9'000ms);
  EXPECT_EQ(names.pending(), 1u);
  name.refresh(asked + 10'001ms);
  name.refresh(asked + 30'000ms);
  EXPECT_EQ(names.pending(), 2u) << "one lookup at a time";
  settle();
  EXPECT_EQ(text_of(*name.current()), "[fd00::7]:8009");

  answer.clear();
  name.refresh(asked + 30'000ms);
  settle();
  EXPECT_EQ(text_of(*name.current()), "[fd00::7]:8009") << "the last good one stays";
  EXPECT_EQ(name.error(), "the name service is down");
}

TEST_F(Names, WithoutAnAddressForThisSocketSaySo) {
  NamedAddress name(names, "pg2.example", 8009, AF_INET,
                    [](const std::string&, std::string&) { return std::vector<std::string>{"fd00::7"}; });
  settle();
  EXPECT_FALSE(name.current());
  EXPECT_THAT(name.error(), testing::HasSubstr("no address that can be reached"));
}

}  // namespace
}  // namespace picket
