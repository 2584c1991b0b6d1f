// Real connections in network namespaces made by the tests: no session outside them can be hit.
#include "netlink/sockets.hpp"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "loop/loop.hpp"
#include "netlink/sessions.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;

class SessionCutterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(unshare(CLONE_NEWNET), 0) << "needs root";
    ASSERT_EQ(std::system("ip link set lo up && ip addr add 10.9.0.5/32 dev lo && ip addr add 10.9.0.6/32 dev lo && "
                          "ip -6 addr add fd00:9::5/128 dev lo nodad"),
              0);
  }
};

TEST_F(SessionCutterTest, CutsWhatIsOnThePortAndNothingElse) {
  SessionCutter cutter;
  EXPECT_EQ(cutter.why_not(), "");
  Host server("0.0.0.0", 5432), other("0.0.0.0", 5433);
  const Client one("127.0.0.1", 5432), two("10.9.0.5", 5432), elsewhere("127.0.0.1", 5433);
  server.accept_one();
  server.accept_one();
  other.accept_one();
  const Cut done = cutter.cut(5432);
  EXPECT_EQ(done.cut, 2U);
  EXPECT_EQ(done.failed, 0U);
  EXPECT_EQ(done.error, "");
  EXPECT_FALSE(done.more);
  EXPECT_EQ(one.state(), "reset");
  EXPECT_EQ(two.state(), "reset");
  EXPECT_EQ(elsewhere.state(), "open");
  EXPECT_EQ(cutter.cut(5432).cut, 0U) << "nobody is left";
  EXPECT_TRUE(Client("127.0.0.1", 5432).connected()) << "the listening socket stays";
}

TEST_F(SessionCutterTest, CutsWhoWasNotAcceptedYetAndWhoHasClosedHisHalf) {
  SessionCutter cutter;
  Host frozen("127.0.0.1", 5432);
  const Client waiting("127.0.0.1", 5432);
  EXPECT_EQ(cutter.cut(5432).cut, 1U);
  EXPECT_EQ(waiting.state(), "reset");
  frozen.accept_one();  // takes the one that was cut out of the queue
  const Client half("127.0.0.1", 5432);
  frozen.accept_one();
  half.close_half();
  EXPECT_EQ(cutter.cut(5432).cut, 1U);
  EXPECT_EQ(half.state(), "reset");
}

TEST_F(SessionCutterTest, DoesNotCountWhoOnlyKnocked) {
  SessionCutter cutter;
  const Host frozen("127.0.0.1", 5432);
  { const Client knocked("127.0.0.1", 5432); }
  EXPECT_EQ(cutter.cut(5432).cut, 0U);
}

TEST_F(SessionCutterTest, NarrowsToAnAddress) {
  SessionCutter cutter;
  Host server("0.0.0.0", 5432);
  const Client to_virtual("10.9.0.5", 5432), to_own("10.9.0.6", 5432);
  EXPECT_EQ(cutter.cut(5432, "10.9.0.5").cut, 1U);
  EXPECT_EQ(to_virtual.state(), "reset");
  EXPECT_EQ(to_own.state(), "open");
  EXPECT_EQ(cutter.cut(5432, "10.9.0.7").cut, 0U);
  EXPECT_EQ(to_own.state(), "open");
}

TEST_F(SessionCutterTest, SparesWhomItIsTold) {
  SessionCutter cutter;
  const Host server("::", 5432);
  const Client standby("10.9.0.5", 5432), v6_standby("fd00:9::5", 5432), client("10.9.0.5", 5432);
  const std::vector<FarEnd> spared{{"10.9.0.5", standby.port()}, {"fd00:9::5", v6_standby.port()}, {"pg2", 1}};
  EXPECT_EQ(cutter.cut(5432, "", spared).cut, 1U);
  EXPECT_EQ(standby.state(), "open");
  EXPECT_EQ(v6_standby.state(), "open");
  EXPECT_EQ(client.state(), "reset");
}

TEST_F(SessionCutterTest, KnowsIpv6AndIpv4InIpv6) {
  SessionCutter cutter;
  const Host server("::", 5432);
  const Client v6("fd00:9::5", 5432), v4("10.9.0.5", 5432), v4_other("10.9.0.6", 5432);
  ASSERT_TRUE(v6.connected());
  ASSERT_TRUE(v4.connected());
  EXPECT_EQ(cutter.cut(5432, "10.9.0.5").cut, 1U);
  EXPECT_EQ(v4.state(), "reset");
  EXPECT_EQ(v6.state(), "open");
  EXPECT_EQ(cutter.cut(5432, "fd00:9::5").cut, 1U);
  EXPECT_EQ(v6.state(), "reset");
  EXPECT_EQ(v4_other.state(), "open");
  EXPECT_EQ(cutter.cut(5432).cut, 1U);
  EXPECT_EQ(v4_other.state(), "reset");
}

TEST_F(SessionCutterTest, LeavesSessionsOfThisHostToAnotherServersPortAlone) {
  SessionCutter cutter;
  const Host server("127.0.0.1", 6432);
  Client client("127.0.0.1", 6432);
  EXPECT_EQ(cutter.cut(5432).cut, 0U);
  EXPECT_EQ(client.state(), "open");
}

TEST_F(SessionCutterTest, SaysThatATextIsNoAddressAndCutsNothing) {
  SessionCutter cutter;
  const Host server("127.0.0.1", 5432);
  const Client client("127.0.0.1", 5432);
  for (const char* text : {"pg-vip", "10.9.0.5/24", "*"})
    EXPECT_THAT(cutter.cut(5432, text).error, HasSubstr(text)) << text;
  EXPECT_NE(cutter.cut(0).error, "");
  EXPECT_EQ(client.state(), "open");
}

TEST_F(SessionCutterTest, TenThousandSessionsTakeSeveralCallsAndEachIsShort) {
  constexpr int count = 10'000;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < count + 100) GTEST_SKIP() << "no more than " << files.rlim_max << " descriptors are allowed";
  SessionCutter cutter;
  const Crowd server(5432, count);
  std::vector<Client> clients;
  clients.reserve(count);
  for (int i = 0; i < count; ++i) {
    clients.emplace_back("127.0.0." + std::to_string(1 + i % 250), 5432);
    ASSERT_TRUE(clients.back().connected()) << std::strerror(errno);
  }
  size_t cut = 0, calls = 0;
  Millis longest{0}, total{0};
  for (bool more = true; more; ++calls) {
    const Instant begin = boot_now();
    const Cut done = cutter.cut(5432);
    const Millis took = boot_now() - begin;
    longest = std::max(longest, took);
    total += took;
    EXPECT_EQ(done.error, "");
    EXPECT_LE(done.cut, SessionCutter::most_per_call);
    cut += done.cut;
    more = done.more;
    ASSERT_TRUE(done.cut > 0 || !more) << "it gets on";
  }
  EXPECT_EQ(cut, static_cast<size_t>(count));
  EXPECT_GE(calls, static_cast<size_t>(count) / SessionCutter::most_per_call);
  EXPECT_EQ(clients.front().state(), "reset");
  EXPECT_EQ(clients.back().state(), "reset");
  RecordProperty("longest_call", std::to_string(longest.count()) + " ms");
  RecordProperty("total", std::to_string(total.count()) + " ms");
  std::printf("10000 sessions: %zu calls, longest %lld ms, all %lld ms\n", calls,
              static_cast<long long>(longest.count()), static_cast<long long>(total.count()));
}

// Runs `inside` in a child, since rights do not come back; the child's exit code.
template <class Inside>
int in_child(Inside inside) {
  const int child = fork();
  if (child == 0) _exit(inside());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(SessionCutterTest, SaysThatItHasNotTheRight) {
  const Host server("127.0.0.1", 5432);
  const Client client("127.0.0.1", 5432);
  EXPECT_EQ(in_child([] {
              if (setuid(65534) != 0) return 2;
              SessionCutter cutter;
              if (cutter.why_not() != "no CAP_NET_ADMIN (Operation not permitted)") return 3;
              const Cut done = cutter.cut(5432);
              return done.cut == 0 && done.failed == 1 && done.error == cutter.why_not() ? 0 : 4;
            }),
            0);
  EXPECT_EQ(client.state(), "open");
}

// As the unit does it: another user, with CAP_NET_ADMIN as its only capability.
TEST_F(SessionCutterTest, NeedsNoMoreThanCapNetAdmin) {
  const Host server("127.0.0.1", 5432);
  const Client client("127.0.0.1", 5432);
  EXPECT_EQ(in_child([] {
              if (prctl(PR_SET_KEEPCAPS, 1) != 0 || setuid(65534) != 0) return 2;
              __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
              __user_cap_data_struct data[2]{};
              data[0].permitted = data[0].effective = 1U << CAP_NET_ADMIN;
              if (syscall(SYS_capset, &header, data) != 0) return 3;
              SessionCutter cutter;
              return cutter.why_not().empty() && cutter.cut(5432).cut == 1 ? 0 : 4;
            }),
            0);
  EXPECT_EQ(client.state(), "reset");
}

TEST_F(SessionCutterTest, SaysThatItCouldNotTryWithoutALoopbackInterface) {
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  EXPECT_THAT(SessionCutter().why_not(), HasSubstr("could not be tried on a connection of our own: connect:"));
}

}  // namespace
}  // namespace picket::test
