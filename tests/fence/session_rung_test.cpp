// What the clients of a real server meet when it is fenced. There is no systemd, and the postmaster is frozen where
// nothing but the cut shall end a session.
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fence/client.hpp"
#include "fence/ladder.hpp"
#include "fence/server.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using test::Client;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char own[] = "127.0.0.1", virtual_one[] = "127.0.0.2";

class SessionRungTest : public testing::Test {
 protected:
  void SetUp() override {
    server.setting("listen_addresses = '127.0.0.1,127.0.0.2'");
    server.start();
    target = test::target_of(server);
    target.virtual_address = virtual_one;
    ladder.emplace(loop, units, nullptr, &*cutter);
  }
  const Rung& first_rung() const { return ladder->progress().rungs.at(0); }
  bool wait_proved() {
    return loop.run_until([this] { return !ladder->climbing(); }, 10'000ms) && ladder->progress().phase == "proved";
  }

  Loop loop;
  Bus bus{loop, "unix:path=/nowhere/bus", nullptr};
  Units units{bus};
  std::optional<SessionCutter> cutter{std::in_place};
  std::optional<Ladder> ladder;
  test::Throwaway server;
  FenceTarget target;
};

TEST_F(SessionRungTest, StopNowResetsEveryClientAtOnceAlsoThoseOfAFrozenServer) {
  const Client one(server, own), two(server, virtual_one);
  server.freeze();
  ladder->climb(target, Action::stop_now);
  EXPECT_EQ(one.state(), "reset");
  EXPECT_EQ(two.state(), "reset");
  EXPECT_EQ(first_rung().what, "cut the sessions on port " + std::to_string(server.port()));
  EXPECT_EQ(first_rung().outcome, "2 cut");
  EXPECT_TRUE(wait_proved()) << ladder->progress().proof;
}

TEST_F(SessionRungTest, WhoComesAgainWhileTheLadderIsClimbedIsResetAgain) {
  server.freeze();
  ladder->climb(target, Action::stop_now);
  EXPECT_EQ(first_rung().outcome, "none was there");
  test::Connecting again(server);  // into the queue of the listening socket
  ASSERT_TRUE(loop.run_until([&] { return first_rung().outcome == "1 cut"; }, 2000ms)) << first_rung().outcome;
  EXPECT_TRUE(wait_proved());
}

TEST_F(SessionRungTest, StopFastResetsTheClientsOfTheVirtualAddressAndLeavesTheStandbyItsWal) {
  auto standby = server.make_standby();
  standby->start();
  standby->wait_streaming();
  const Client by_virtual(server, virtual_one), by_own(server, own);
  server.freeze();
  ladder->climb(target, Action::stop_fast);
  EXPECT_EQ(by_virtual.state(), "reset");
  EXPECT_EQ(by_own.state(), "open");
  EXPECT_EQ(first_rung().what, "cut the sessions on 127.0.0.2:" + std::to_string(server.port()));
  EXPECT_EQ(first_rung().outcome, "1 cut");
  server.thaw();
  ASSERT_TRUE(wait_proved()) << ladder->progress().proof;
  EXPECT_LT(ladder->progress().total, Ladder::fast_budget) << "the shutdown was clean";
  EXPECT_EQ(standby->sql("SELECT pg_is_in_recovery()"), "t");
}

TEST_F(SessionRungTest, StopNowLeavesTheSessionByWhichAStandbyGetsWhatWasWrittenLast) {
  auto standby = server.make_standby();
  standby->start();
  standby->wait_streaming();
  server.sql("CREATE TABLE last_words (n int)");
  target.followers = {{server.sql("SELECT host(client_addr) FROM pg_stat_replication"),
                       std::stoi(server.sql("SELECT client_port FROM pg_stat_replication"))}};
  const Client by_tcp(server, own);
  Client by_socket(server, "");
  server.freeze();
  ladder->cut_sessions(target, Action::stop_now);
  EXPECT_EQ(by_tcp.state(), "reset");
  EXPECT_TRUE(by_socket.works("INSERT INTO last_words VALUES (1)"));
  EXPECT_TRUE(loop.run_until([&] { return standby->sql("SELECT count(*) FROM last_words") == "1"; }, 10'000ms));
  ladder->climb(target, Action::stop_now);
  EXPECT_EQ(first_rung().outcome, "1 cut");
  EXPECT_TRUE(wait_proved()) << ladder->progress().proof;
}

TEST_F(SessionRungTest, AStopThatIsMadeHarderCutsTheRestToo) {
  const Client by_own(server, own);
  server.freeze();
  ladder->climb(target, Action::stop_fast);
  EXPECT_EQ(by_own.state(), "open");
  ladder->climb(target, Action::stop_now);
  ASSERT_TRUE(loop.run_until([&] { return by_own.state() == "reset"; }, 2000ms));
  EXPECT_TRUE(wait_proved());
  EXPECT_EQ(first_rung().what, "cut the sessions on port " + std::to_string(server.port()));
}

TEST_F(SessionRungTest, AloneItCutsAndStopsNothing) {
  const Client by_virtual(server, virtual_one);
  ladder->cut_sessions(target, Action::stop_now);
  EXPECT_EQ(by_virtual.state(), "reset");
  EXPECT_FALSE(ladder->climbing());
  EXPECT_EQ(server.sql("SELECT 1"), "1");
  ladder->climb(target, Action::stop_now);
  EXPECT_EQ(first_rung().outcome, "1 cut") << "it is told with the climb";
  EXPECT_TRUE(wait_proved());
}

TEST_F(SessionRungTest, WhatHasLostItsPostmasterIsKilledAndNobodysSessionIsCut) {
  const Client by_virtual(server, virtual_one);
  ladder->climb(target, Action::kill_rest);
  EXPECT_EQ(by_virtual.state(), "open");
  ladder->cancel();
}

// CAP_NET_ADMIN out of the effective set, and back: the rest of root's rights are needed to stop the server.
class Deprived {
 public:
  Deprived() {
    syscall(SYS_capget, &header_, before_);
    __user_cap_data_struct now[2]{before_[0], before_[1]};
    now[0].effective &= ~(1U << CAP_NET_ADMIN);
    syscall(SYS_capset, &header_, now);
  }
  ~Deprived() { syscall(SYS_capset, &header_, before_); }
  Deprived(const Deprived&) = delete;
  Deprived& operator=(const Deprived&) = delete;

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct before_[2]{};
};

TEST_F(SessionRungTest, WithoutTheRightItSaysSoAndTheServerDiesAllTheSame) {
  const Client client(server, own);
  const Deprived deprived;
  cutter.emplace();
  EXPECT_THAT(cutter->why_not(), StartsWith("no CAP_NET_ADMIN"));
  ladder->climb(target, Action::stop_now);
  EXPECT_EQ(first_rung().outcome, "0 cut, 1 not: no CAP_NET_ADMIN (Operation not permitted)");
  EXPECT_TRUE(wait_proved()) << ladder->progress().proof;
}

}  // namespace
}  // namespace picket
