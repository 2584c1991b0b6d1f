// The ladder against real servers, without systemd: there is no bus at all, as on a node whose D-Bus died.
#include "fence/ladder.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "fence/server.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LadderTest : public testing::Test {
 protected:
  bool wait_proved(Millis limit = 6000ms) {
    return loop.run_until([this] { return !ladder.climbing(); }, limit) && ladder.progress().phase == "proved";
  }
  std::string story() const {
    const auto& p = ladder.progress();
    std::string text = p.phase + " after " + std::to_string(p.total.count()) + " ms: " + p.proof;
    for (const auto& rung : p.rungs)
      text += "\n  " + std::to_string(rung.at.count()) + " ms " + rung.what + " -> " + rung.outcome;
    return text;
  }
  void record(const char* what) { RecordProperty(what, std::to_string(ladder.progress().total.count()) + " ms"); }

  Loop loop;
  Bus bus{loop, "unix:path=/nowhere/bus", nullptr};
  Units units{bus};
  int changes = 0;
  Ladder ladder{loop, units, [this] { ++changes; }};
  test::Throwaway server;
};

TEST_F(LadderTest, StopNowProvesAHealthyServerDeadWithoutWaitingForTheKill) {
  server.start();
  ladder.climb(test::target_of(server), Action::stop_now);
  EXPECT_TRUE(ladder.climbing());
  EXPECT_EQ(ladder.progress().phase, "stopping");
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_LT(ladder.progress().total, Ladder::now_budget) << story();
  EXPECT_THAT(story(), HasSubstr("SIGQUIT directly -> sent to " + std::to_string(server.pid())));
  EXPECT_THAT(story(), Not(HasSubstr("SIGKILL")));
  EXPECT_GE(changes, 2);
  record("total");
}

TEST_F(LadderTest, StopFastLetsTheServerShutDownCleanly) {
  server.start();
  ladder.climb(test::target_of(server), Action::stop_fast);
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_LT(ladder.progress().total, Ladder::fast_budget) << story();
  EXPECT_THAT(story(), HasSubstr("SIGINT directly -> sent to"));
  EXPECT_THAT(story(), Not(HasSubstr("SIGKILL")));
  record("total");
}

TEST_F(LadderTest, AFrozenPostmasterIsKilledWhenItsTimeIsOver) {
  server.start();
  const auto target = test::target_of(server);
  server.freeze();
  ladder.climb(target, Action::stop_now);
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_GE(ladder.progress().total, Ladder::now_budget) << story();
  EXPECT_LT(ladder.progress().total, Ladder::prove_within) << story();
  EXPECT_THAT(story(), HasSubstr("SIGKILL directly -> sent to " + std::to_string(server.pid())));
  record("total");
}

TEST_F(LadderTest, AFrozenPostmasterWithABusyBackendLeavesNothingBehind) {
  server.start();
  const auto target = test::target_of(server);
  test::EndlessCommitter committer(server);
  server.freeze();
  ladder.climb(target, Action::stop_now);
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_LT(ladder.progress().total, Ladder::prove_within) << story();
}

TEST_F(LadderTest, AnOrphanThatGoesOnCommittingIsKilledAndNobodyIsFenced) {
  server.start();
  const auto target = test::target_of(server);
  test::EndlessCommitter committer(server);
  server.kill9();
  ASSERT_FALSE(Prover(target).look().proved);
  ladder.climb(target, Action::kill_rest);
  EXPECT_THAT(story(), HasSubstr(std::to_string(committer.backend())));
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_LT(ladder.progress().total, Ladder::prove_within) << story();
  record("total");
  server.start();  // refused by PostgreSQL as long as an orphan holds the shared memory
  EXPECT_EQ(server.sql("SELECT count(*) > 0 FROM ticks"), "t");
}

TEST_F(LadderTest, KillRestLeavesALivingServerAlone) {
  server.start();
  ladder.climb(test::target_of(server), Action::kill_rest);
  ASSERT_TRUE(loop.run_until([this] { return !ladder.climbing(); }, 2000ms)) << story();
  EXPECT_EQ(ladder.progress().phase, "idle") << story();
  EXPECT_THAT(ladder.progress().rungs, IsEmpty()) << story();
  EXPECT_EQ(server.sql("SELECT 1"), "1");
}

TEST_F(LadderTest, ADeadServerIsProvedBeforeClimbReturnsAndNothingIsSent) {
  server.start();
  const auto target = test::target_of(server);
  server.stop();
  ladder.climb(target, Action::stop_now);
  EXPECT_FALSE(ladder.climbing());
  EXPECT_EQ(ladder.progress().phase, "proved") << story();
  EXPECT_THAT(ladder.progress().rungs, IsEmpty()) << story();
}

TEST_F(LadderTest, ClimbingAgainOnlyStrengthens) {
  server.start();
  const auto target = test::target_of(server);
  server.freeze();  // so that nothing ends by itself
  ladder.climb(target, Action::stop_fast);
  ladder.climb(target, Action::stop_fast);
  loop.run_until([] { return false; }, 200ms);
  ladder.climb(target, Action::stop_now);
  ladder.climb(target, Action::stop_fast);
  EXPECT_EQ(ladder.progress().action, Action::stop_now);
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_GE(ladder.progress().total, 200ms + Ladder::now_budget) << story();
  EXPECT_LT(ladder.progress().total, Ladder::fast_budget) << story();
  int polite = 0;
  for (const auto& rung : ladder.progress().rungs) polite += rung.what != "SIGKILL directly" ? 1 : 0;
  EXPECT_EQ(polite, 2) << story();
}

TEST_F(LadderTest, KillRestDuringAStopKillsAtOnce) {
  server.start();
  const auto target = test::target_of(server);
  server.freeze();
  ladder.climb(target, Action::stop_fast);
  ladder.climb(target, Action::kill_rest);
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_LT(ladder.progress().total, Ladder::fast_budget) << story();
}

TEST_F(LadderTest, AServerStartedAgainDuringAFenceIsStoppedToo) {
  server.start();
  auto target = test::target_of(server);
  target.shared_memory_id = -1;
  target.postmaster_pid = 0;  // nothing but the folder is known
  ladder.climb(target, Action::stop_now);
  server.stop("immediate");
  server.start();  // before the ladder looks again
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_TRUE(Prover(target).look().proved);
}

TEST_F(LadderTest, WhatCannotBeProvedIsSaidAndNeverGivenUp) {
  server.start();
  auto target = test::target_of(server);
  // Somebody else answers at the port: that the server is gone from there cannot be seen.
  Fd other{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(other.get(), reinterpret_cast<const sockaddr*>(&address), length), 0) << strerror(errno);
  listen(other.get(), 200);
  getsockname(other.get(), reinterpret_cast<sockaddr*>(&address), &length);
  target.port = ntohs(address.sin_port);
  ladder.climb(target, Action::stop_now);
  ASSERT_TRUE(loop.run_until([this] { return ladder.progress().phase == "proving"; }, 10'000ms)) << story();
  ASSERT_TRUE(loop.run_until([this] { return ladder.progress().phase == "not proved"; }, 10'000ms)) << story();
  EXPECT_TRUE(ladder.climbing());
  EXPECT_GE(ladder.progress().total, Ladder::prove_within);
  EXPECT_LT(ladder.progress().total, Ladder::prove_within + 2000ms);
  EXPECT_THAT(ladder.progress().proof, HasSubstr("accepts"));
  EXPECT_THAT(ladder.progress().proof, HasSubstr("processes: none"));
  other.reset();
  ASSERT_TRUE(wait_proved()) << story();
}

TEST_F(LadderTest, SaysWhySystemdWasNotAsked) {
  server.start();
  auto target = test::target_of(server);
  target.unit = "postgresql@15-main.service";
  ladder.climb(target, Action::stop_now);
  ASSERT_TRUE(wait_proved()) << story();
  EXPECT_LT(ladder.progress().total, Ladder::now_budget) << story();
  // The server may be dead before the bus has answered.
  const std::string answer = "StopUnit postgresql@15-main.service -> D-Bus: connect: No such file";
  EXPECT_TRUE(loop.run_until([&] { return story().find(answer) != std::string::npos; }, 5000ms)) << story();
}

TEST_F(LadderTest, RefusesWhatIsNoStop) {
  EXPECT_THROW(ladder.climb({}, Action::start), std::invalid_argument);
  EXPECT_THROW(ladder.climb({}, Action::none), std::invalid_argument);
}

TEST(Ladder, MayBeDestroyedByItsOwnNews) {
  Loop loop;
  Bus bus(loop, "unix:path=/nowhere/bus", nullptr);
  Units units(bus);
  test::Throwaway server;
  server.start();
  std::unique_ptr<Ladder> ladder;
  bool gone = false;
  ladder = std::make_unique<Ladder>(loop, units, [&] {
    if (!ladder || ladder->climbing()) return;
    ladder.reset();
    gone = true;
  });
  auto target = test::target_of(server);
  target.unit = "postgresql@15-main.service";
  ladder->climb(target, Action::stop_now);
  EXPECT_TRUE(loop.run_until([&] { return gone; }, 4000ms));
  loop.run_until([] { return false; }, 30ms);
}

TEST_F(LadderTest, CancelledItKillsNobodyAnyMore) {
  server.start();
  auto target = test::target_of(server);
  server.freeze();  // so that the climb is still under way
  ladder.climb(target, Action::stop_fast);
  ASSERT_TRUE(ladder.climbing());
  ladder.cancel();
  EXPECT_FALSE(ladder.climbing());
  EXPECT_EQ(ladder.progress().phase, "idle");
  loop.run_until([] { return false; }, Ladder::fast_budget + 300ms);
  EXPECT_THAT(*server_processes(target.data_directory), Not(IsEmpty()));
}

}  // namespace
}  // namespace picket
