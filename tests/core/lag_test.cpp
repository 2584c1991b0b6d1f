// How far a standby is behind, and when that keeps it from being offered.
#include "core/lag.hpp"

#include <gmock/gmock.h>

#include "core/boards.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// pg1 streams from pg2.
Scene standby() {
  Scene w(3, 2);
  w.run(1s);
  return w;
}

Lag lag(const Scene& w) { return lag_of(w.board.server, w.board, w.now, w.policy.fresh); }

TEST(Lag, IsWhatThePrimaryWroteAndThisServerDidNotReplay) {
  Scene w = standby();
  w.seen(2).lsn = 5000, w.seen(1).lsn = 4900, w.seen(1).replay_lsn = 4000;
  w.seen(1).receiver->latest_end_lsn = 4900;
  EXPECT_EQ(lag(w).bytes, 1000U);
  EXPECT_EQ(lag(w).unwritten, 100U);
  EXPECT_EQ(lag(w).why, "");
  w.seen(1).replay_lsn = 6000;  // read after the primary's
  EXPECT_EQ(lag(w).bytes, 0U);
}

TEST(Lag, IsMeasuredAgainstAPrimaryWhoseRowSaysWitnessWhenItHasOurData) {
  Scene w = standby();
  w.seen(2).lsn = 5000, w.seen(1).lsn = w.seen(1).replay_lsn = w.seen(1).receiver->latest_end_lsn = 4000;
  w.peer(2).node.type = Node::Type::witness;
  EXPECT_EQ(lag(w).bytes, 1000U);
  w.seen(2).system_identifier = 42;
  EXPECT_NE(lag(w).bytes, 1000U);
}

TEST(Lag, IsUnknownWithoutAReceiverThoughAllThatCameIsReplayed) {
  Scene w = standby();
  w.seen(1).lsn = w.seen(1).replay_lsn = w.seen(2).lsn = 5000;
  w.seen(1).receiver.reset();
  EXPECT_EQ(lag(w).bytes, std::nullopt);
  EXPECT_EQ(lag(w).time, std::nullopt);
  EXPECT_EQ(lag(w).why, "no WAL receiver runs");
}

TEST(Lag, IsUnknownWhileTheReceiverWaitsForItsSender) {
  Scene w = standby();
  w.seen(1).receiver->status = "waiting";
  EXPECT_EQ(lag(w).why, "the WAL receiver does not stream");
}

TEST(Lag, OfAPrimaryUnseenIsKnownOnlyFromAReceiverThatHearsIt) {
  Scene w = standby();
  w.says(2, Says::silent);
  w.run(5s);
  w.seen(1).receiver->message_age = 100ms;
  w.seen(1).receiver->latest_end_lsn = w.seen(1).replay_lsn + 7;
  EXPECT_EQ(lag(w).bytes, 7U);
  w.seen(1).receiver->message_age = 20s;  // whatever was written meanwhile
  EXPECT_EQ(lag(w).why, "the primary's position is not known");
}

TEST(Lag, InTimeIsNoughtWhileNothingIsMissing) {
  Scene w = standby();
  w.seen(1).replay_lsn = w.seen(2).lsn = w.seen(1).receiver->latest_end_lsn = 5000;
  w.seen(1).replay_delay = 3600s;  // an idle primary
  EXPECT_EQ(lag(w).time, 0ms);
  w.seen(2).lsn = 5001;
  EXPECT_EQ(lag(w).time, 3600s);
}

TEST(Lag, OfAServerThatDoesNotAnswerIsUnknown) {
  Scene w = standby();
  w.says(1, Says::silent);
  w.run(5s);
  EXPECT_EQ(lag(w).why, "the server has not answered lately");
}

TEST(Lag, OfAPeerIsMeasuredAgainstThisPrimary) {
  Scene w(3, 1);
  w.run(1s);
  w.seen(1).lsn = 9000, w.seen(2).replay_lsn = 8000;
  const Lag of_peer = lag_of(w.peer(2).server, w.board, w.now, w.policy.fresh);
  EXPECT_EQ(of_peer.bytes, 1000U);
  EXPECT_EQ(lag(w).why, "no standby");
}

/// pg1 streams from pg2 and may be 100 bytes behind.
Watcher bounded() {
  Watcher w(3, 2);
  w.policy.replica_max_lag = 100;
  w.facts(1).lsn = w.facts(1).replay_lsn = w.facts(2).lsn = 1000;
  w.run(3s);
  EXPECT_EQ(w.verdict.rule, Rule::R12);
  EXPECT_EQ(w.verdict.advert, Advert::replica);
  return w;
}

TEST(LagHold, WithdrawsAStandbyOnlyWhenTheLagStaysTooGreat) {
  Watcher w = bounded();
  for (int i = 0; i < 5; ++i) {
    w.facts(2).lsn += 1000;
    w.run(1s);
    w.facts(1).lsn = w.facts(1).replay_lsn = w.facts(2).lsn;
    w.run(1s);
    EXPECT_EQ(w.verdict.advert, Advert::replica);
  }
  w.facts(2).lsn += 1000;
  w.run(w.policy.replica_lag_for + 1s);
  EXPECT_EQ(w.verdict.advert, Advert::down);
  EXPECT_EQ(w.verdict.vrrp, Vrrp::lower);
}

TEST(LagHold, OffersItAgainOnlyWhenTheLagStaysSmall) {
  Watcher w = bounded();
  w.facts(2).lsn += 1000;
  w.run(w.policy.replica_lag_for + 1s);
  ASSERT_EQ(w.verdict.advert, Advert::down);
  w.facts(1).lsn = w.facts(1).replay_lsn = w.facts(2).lsn;
  w.run(w.policy.replica_lag_rejoin - 1s);
  EXPECT_EQ(w.verdict.advert, Advert::down);
  w.run(2s);
  EXPECT_EQ(w.verdict.advert, Advert::replica);
}

TEST(LagHold, WithdrawsAStandbyWhoseReceiverIsGoneWhileThePrimaryIsThere) {
  Watcher w = bounded();
  w.follow(1, 0);
  w.run(w.policy.replica_lag_for + 1s);
  EXPECT_EQ(w.verdict.advert, Advert::down);
}

TEST(LagHold, LeavesReadsToStaleReadsWhenThePrimaryIsGone) {
  Watcher w = bounded();
  w.says(2, Says::refused);
  w.follow(1, 0);
  w.run(20s);
  EXPECT_EQ(w.verdict.advert, Advert::replica);
}

TEST(LagHold, GoesByTheAgeOfTheLastCommitToo) {
  Watcher w(3, 2);
  w.policy.replica_max_lag_time = 10s;
  w.run(3s);
  w.facts(2).lsn += 10;
  w.facts(1).replay_delay = 11s;
  w.run(5s);
  EXPECT_EQ(w.verdict.advert, Advert::down);
}

TEST(LagHold, MeansNothingWithoutABound) {
  Watcher w(3, 2);
  w.facts(2).lsn += 1'000'000'000;
  w.run(20s);
  EXPECT_EQ(w.verdict.advert, Advert::replica);
}

}  // namespace
}  // namespace picket
