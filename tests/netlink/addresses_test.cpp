// Against the real kernel, in network namespaces made by the tests: nothing outside them is touched.
#include "netlink/addresses.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::HasSubstr;
using State = AddressFacts::State;

class AddressesTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "needs root";
    ip("link set lo up");
    ip("link add veth0 type veth peer name veth1");
    ip("link set veth0 up");
    ip("link set veth1 up");
  }
  static void ip(const std::string& arguments) {
    ASSERT_EQ(std::system(("ip " + arguments).c_str()), 0) << "ip " << arguments;
  }
  bool becomes(State state, Millis limit = 2000ms) {
    return loop.run_until([this, state] { return addresses->facts().state == state; }, limit);
  }
  void watch(const std::string& address) {
    addresses.emplace(loop, address, [this] { ++changes; });
  }

  Loop loop;
  int changes = 0;
  std::optional<Addresses> addresses;
};

TEST_F(AddressesTest, KnowsAtOnceWhatIsThereAtTheStart) {
  ip("addr add 10.9.0.5/24 dev veth0");
  watch("10.9.0.5");
  EXPECT_EQ(addresses->facts().state, State::present);
  EXPECT_EQ(addresses->facts().address, "10.9.0.5");
  watch("10.9.0.6");
  EXPECT_EQ(addresses->facts().state, State::absent);
}

TEST_F(AddressesTest, SeesAnAddressComeAndGoWithinAHundredMilliseconds) {
  watch("10.9.0.5");
  changes = 0;
  ip("addr add 10.9.0.5/24 dev veth0");
  Instant begin = boot_now();
  ASSERT_TRUE(becomes(State::present));
  EXPECT_LT(boot_now() - begin, 100ms);
  ip("addr del 10.9.0.5/24 dev veth0");
  begin = boot_now();
  ASSERT_TRUE(becomes(State::absent));
  EXPECT_LT(boot_now() - begin, 100ms);
  EXPECT_EQ(changes, 2);
}

TEST_F(AddressesTest, ComparesThePrefixLengthOnlyWhenThereIsOne) {
  ip("addr add 10.9.0.5/24 dev veth0");
  watch("10.9.0.5/24");
  EXPECT_EQ(addresses->facts().state, State::present);
  watch("10.9.0.5/32");
  EXPECT_EQ(addresses->facts().state, State::absent);
  watch("10.9.0.5");
  EXPECT_EQ(addresses->facts().state, State::present);
}

TEST_F(AddressesTest, IsNotMisledByNeighboursOrByThePeerOfALink) {
  watch("10.9.0.5");
  ip("addr add 10.9.0.50/24 dev veth0");
  ip("addr add 10.9.1.1 peer 10.9.0.5 dev veth0");
  ip("-6 addr add ::ffff:10.9.0.5/128 dev veth0 nodad");
  loop.run_until([] { return false; }, 50ms);
  EXPECT_EQ(addresses->facts().state, State::absent);
}

TEST_F(AddressesTest, KnowsIpv6) {
  watch("fd00:9::5");
  EXPECT_EQ(addresses->facts().state, State::absent);
  ip("-6 addr add fd00:9::5/64 dev veth0 nodad");
  ASSERT_TRUE(becomes(State::present));
  EXPECT_EQ(addresses->remove(), "");
  EXPECT_TRUE(becomes(State::absent)) << addresses->facts().why_unknown;
}

TEST_F(AddressesTest, RemovesTheAddressFromEveryInterfaceAndNothingElse) {
  ip("addr add 10.9.0.5/24 dev veth0");
  ip("addr add 10.9.0.5/32 dev veth1");
  ip("addr add 10.9.0.6/24 dev veth0");
  watch("10.9.0.5");
  ASSERT_EQ(addresses->facts().state, State::present);
  const Instant begin = boot_now();
  EXPECT_EQ(addresses->remove(), "");
  EXPECT_LT(boot_now() - begin, 50ms);
  ASSERT_TRUE(becomes(State::absent, 100ms));
  std::optional<Addresses> other(std::in_place, loop, "10.9.0.6", nullptr);
  EXPECT_EQ(other->facts().state, State::absent) << "a secondary address goes with its primary one";
  EXPECT_EQ(addresses->remove(), "") << "what is not there is removed";
}

TEST_F(AddressesTest, AnAddressThatGoesWithItsInterfaceIsSeen) {
  ip("addr add 10.9.0.5/24 dev veth0");
  watch("10.9.0.5");
  ip("link del veth0");
  EXPECT_TRUE(becomes(State::absent)) << addresses->facts().why_unknown;
}

TEST_F(AddressesTest, ABurstOfThreeThousandLeadsToTheRightEnd) {
  watch("10.20.11.184");  // the last of the burst
  const auto burst = [](const std::string& verb, int first, int count) {
    std::ofstream batch("burst");
    for (int i = first; i < first + count; ++i)
      batch << "addr " << verb << " 10.20." << i / 256 << "." << i % 256 << "/32 dev veth0\n";
    batch.close();
    ip("-batch burst");
  };
  burst("add", 1, 3000);
  EXPECT_TRUE(becomes(State::present)) << "the event of the last address was lost, and nobody looked again";
  burst("del", 1, 3000);
  EXPECT_TRUE(becomes(State::absent)) << addresses->facts().why_unknown;
  burst("add", 1, 2999);
  burst("add", 3000, 1);
  burst("del", 1, 2999);
  EXPECT_TRUE(becomes(State::present));
  loop.run_until([] { return false; }, 50ms);
  EXPECT_EQ(addresses->facts().state, State::present);
  EXPECT_EQ(addresses->remove(), "");
  EXPECT_TRUE(becomes(State::absent)) << addresses->facts().why_unknown;
  unlink("burst");
}

TEST_F(AddressesTest, SaysWhyItMayNotRemove) {
  ip("addr add 10.9.0.5/24 dev veth0");
  watch("10.9.0.5");
  // In a child, because the rights do not come back. The sockets are made before: the kernel checks the one who sends.
  const int child = fork();
  if (child == 0) {
    if (setuid(65534) != 0) _exit(2);
    const std::string error = addresses->remove();
    _exit(error == "delete 10.9.0.5/24 from veth0: Operation not permitted" ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(AddressesTest, MayBeDestroyedByItsOwnNews) {
  addresses.emplace(loop, "10.9.0.5", [this] { addresses.reset(); });
  ip("addr add 10.9.0.5/24 dev veth0");
  EXPECT_TRUE(loop.run_until([this] { return !addresses; }, 500ms));
}

TEST(Addresses, EmptyMeansNotConfigured) {
  Loop loop;
  Addresses addresses(loop, "", nullptr);
  EXPECT_EQ(addresses.facts().state, State::not_configured);
  EXPECT_EQ(addresses.remove(), "");
}

TEST(Addresses, SaysThatATextIsNoAddress) {
  Loop loop;
  for (const char* text : {"pg-vip", "eth0", "10.9.0", "10.9.0.5/33", "10.9.0.5/", "10.9.0.5/-1", "300.1.1.1",
                           "fd00::5/129", "fd00:::5", "aa:bb:cc:dd:ee:ff", "10.9.0.5 ", "default", "any", "/24"}) {
    try {
      Addresses addresses(loop, text, nullptr);
      ADD_FAILURE() << "taken for an address: " << text;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), HasSubstr(text));
    }
  }
}

}  // namespace
}  // namespace picket
