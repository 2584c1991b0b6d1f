// The lease, told as stories: what each of three voters answers, and until when the holder may serve. The explorer has
// the proof; these have the reasons.

#include "core/lease.hpp"

#include <gtest/gtest.h>

#include <map>

namespace picket {
namespace {

using Kind = LeaseMessage::Kind;

Instant at(int ms) { return Instant{Millis{ms}}; }

/// Three voters whose messages arrive at once unless their link is cut.
class Voters : public testing::Test {
 protected:
  Voters() {
    for (int id = 1; id <= 3; ++id) {
      setup[id] = {.self = id, .voters = {1, 2, 3}, .timing = {Millis{500}, Millis{3000}, Millis{3200}}};
      lease[id] = lease_after_start(setup[id], {}, at(0));
      input[id] = {.wish = Wish::idle, .position = {1, 1000}, .behind = {}};
    }
  }

  /// Everybody's clock goes on to `ms`, a tick each 100 ms.
  void run_until(int ms) {
    for (; now < at(ms); now += Millis{100})
      for (int id = 1; id <= 3; ++id) take(id, on_tick(lease[id], setup[id], now, input[id]));
  }

  void take(int from, LeaseStep step) {
    if (step.persist) ++promises[from];
    lease[from] = std::move(step.lease);
    for (const Envelope& e : step.send) {
      said[e.message.kind] = e.message;
      ++times[e.message.kind];
      if (!cut[from] && !cut[e.to]) take(e.to, on_message(lease[e.to], setup[e.to], from, e.message, now, input[e.to]));
    }
  }

  bool serves(int id) { return now < valid_until(lease[id], setup[id]); }

  std::map<int, LeaseSetup> setup;
  std::map<int, Lease> lease;
  std::map<int, LeaseInput> input;
  std::map<int, bool> cut;
  std::map<int, int> promises;
  std::map<Kind, LeaseMessage> said;
  std::map<Kind, int> times;
  Instant now = at(0);
};

TEST_F(Voters, GrantNobodyUntilTheyHaveRunForTheBound) {
  input[1].wish = Wish::hold;
  run_until(3200);
  EXPECT_FALSE(serves(1));
  run_until(3400);
  EXPECT_TRUE(serves(1));
  EXPECT_EQ(lease[1].term, 1U);
}

TEST_F(Voters, RenewALeaseWithoutTouchingTheDisk) {
  input[1].wish = Wish::hold;
  run_until(3400);
  const auto before = promises;
  run_until(60'000);
  EXPECT_TRUE(serves(1));
  EXPECT_EQ(promises, before);
  EXPECT_EQ(lease[1].term, 1U);
}

TEST_F(Voters, AreToldTwiceAsOftenWhileNoMajorityAnswers) {
  input[1].wish = Wish::hold;
  run_until(5000);
  const auto heartbeats_in_3s = [&] {
    const int before = times[Kind::heartbeat];
    run_until(static_cast<int>(now.time_since_epoch().count()) + 3000);
    return (times[Kind::heartbeat] - before) / 2;
  };
  EXPECT_EQ(heartbeats_in_3s(), 6);
  cut[2] = true;
  EXPECT_EQ(heartbeats_in_3s(), 6);
  cut[3] = true;
  EXPECT_GE(heartbeats_in_3s(), 9);  // each 0.3 s, as the clock of this test ticks
  cut[2] = cut[3] = false;
  run_until(static_cast<int>(now.time_since_epoch().count()) + 500);
  EXPECT_EQ(heartbeats_in_3s(), 6);
}

TEST_F(Voters, LetAnotherHaveItOnlyAfterTheOldLeaseHasEnded) {
  input[1].wish = Wish::hold;
  run_until(5000);
  cut[1] = true;
  input[2].wish = Wish::hold;
  for (int ms = 5100; !serves(2) && ms < 20'000; ms += 100) {
    run_until(ms);
    EXPECT_FALSE(serves(1) && serves(2));
  }
  EXPECT_TRUE(serves(2));
  EXPECT_FALSE(serves(1));
  EXPECT_LE(now, at(5000 + 3200 + 500));
  // The old holder hears of it and stands down.
  cut[1] = false;
  run_until(static_cast<int>(now.time_since_epoch().count()) + 1000);
  EXPECT_EQ(lease[1].term, 0U);
  EXPECT_EQ(lease[1].won_by, 2);
  EXPECT_TRUE(serves(2));
}

TEST_F(Voters, AreFreeAtOnceWhenTheHolderGivesBack) {
  input[1].wish = Wish::hold;
  run_until(5000);
  input[1].wish = Wish::give_back;
  input[2].wish = Wish::hold;
  run_until(5700);
  EXPECT_FALSE(serves(1));
  EXPECT_TRUE(serves(2));
}

TEST_F(Voters, KeepTheLeaseWithTheHolderThatComesBackWithinIt) {
  input[1].wish = Wish::hold;
  run_until(5000);
  cut[1] = true;
  input[2].wish = Wish::hold;  // repmgrd there has lost the primary
  run_until(7000);
  EXPECT_TRUE(serves(1));
  cut[1] = false;
  run_until(20'000);
  EXPECT_TRUE(serves(1));
  EXPECT_FALSE(serves(2));
}

TEST_F(Voters, ThatPromisedThemselvesInVainAreWonBackByANewerTerm) {
  input[1].wish = Wish::hold;
  run_until(5000);
  cut[2] = true;
  input[2].wish = Wish::hold;
  run_until(12'000);  // 2 is bound no longer, promises itself, and reaches nobody
  EXPECT_EQ(lease[2].promise.to, 2);
  input[2].wish = Wish::idle;
  cut[2] = false;
  run_until(14'000);
  EXPECT_TRUE(serves(1));
  EXPECT_EQ(lease[2].promise.to, 1);
  // And its vote counts again: the third may go.
  cut[3] = true;
  run_until(30'000);
  EXPECT_TRUE(serves(1));
}

TEST_F(Voters, DoNotGrantWhoHasLessOfTheLogThanTheirOwnStandby) {
  input[3].behind = Position{1, 2000};
  input[2].wish = Wish::hold;
  cut[1] = true;
  run_until(8000);
  EXPECT_FALSE(serves(2));
  EXPECT_EQ(said[Kind::denial].why, Denial::behind);
  input[2].position = {2, 10};  // a newer timeline is more, whatever its bytes
  run_until(9000);
  EXPECT_TRUE(serves(2));
}

TEST_F(Voters, OfTwoThatAskAtOnceTheOneWithMoreOfTheLogGetsIt) {
  input[2].wish = input[3].wish = Wish::hold;
  input[3].position = input[3].behind.emplace(1, 3000);
  input[2].behind.emplace(1, 1000);
  cut[1] = true;
  run_until(6000);
  EXPECT_TRUE(serves(3));
  EXPECT_FALSE(serves(2));
}

TEST_F(Voters, ThatRestartGiveTheHolderItsLeaseBackAtOnce) {
  input[1].wish = Wish::hold;
  run_until(5000);
  lease[1] = lease_after_start(setup[1], lease[1].promise, now);
  EXPECT_FALSE(serves(1));
  run_until(5200);
  EXPECT_TRUE(serves(1));
  EXPECT_EQ(lease[1].term, 2U);
}

TEST_F(Voters, ThatRestartedWhileTheyServedFreeNobodyByYielding) {
  input[2].wish = Wish::hold;
  run_until(5000);
  // The agent of the holder restarts; its server goes on. 3 hears 1 no more, and 1 wants the lease.
  lease[2] = lease_after_start(setup[2], lease[2].promise, now);
  cut[3] = cut[1] = true;
  run_until(5100);
  EXPECT_TRUE(lease[2].candidacy);
  cut[3] = cut[1] = false;
  const LeaseMessage request{.kind = Kind::request, .term = 9, .sent = now, .position = {1, 1000}};
  take(2, on_message(lease[2], setup[2], 1, request, now, input[2]));
  EXPECT_EQ(said[Kind::denial].why, Denial::bound);
  EXPECT_FALSE(said.contains(Kind::release));
  take(3, on_message(lease[3], setup[3], 1, request, now, input[3]));
  EXPECT_EQ(lease[3].promise.to, 2);
  // Nor by not wanting it any more: only proof of death ends what the earlier run allowed.
  run_until(6200);
  lease[2] = lease_after_start(setup[2], lease[2].promise, now);
  cut[1] = cut[3] = true;
  run_until(6300);
  input[2].wish = Wish::idle;
  cut[1] = cut[3] = false;
  run_until(6500);
  EXPECT_FALSE(said.contains(Kind::release));
  input[2].wish = Wish::hold;
  run_until(7200);
  input[2].wish = Wish::give_back;
  run_until(7300);
  EXPECT_TRUE(said.contains(Kind::release));
}

TEST_F(Voters, TellWhoHeldItLastToOneWhoHasForgotten) {
  input[1].wish = Wish::hold;
  run_until(5000);
  // It restarts, and believes the word of one who has slept since an older term: it does not ask.
  lease[1] = lease_after_start(setup[1], lease[1].promise, now);
  input[1].wish = Wish::idle;
  run_until(7000);
  EXPECT_EQ(lease[1].won_by, 0);
  run_until(9000);
  EXPECT_EQ(lease[1].won_by, 1);
}

// With five voters its successor may live: the newer term is not won yet, and those who granted it had followed
// another.
TEST_F(Voters, AcknowledgeNoTermOlderThanTheirPromiseNotEvenOfTheSameNode) {
  Lease voter = lease_after_start(setup[2], {3, 1}, at(0));
  LeaseMessage heartbeat{.kind = Kind::heartbeat, .term = 1, .sent = at(100)};
  LeaseStep step = on_message(voter, setup[2], 1, heartbeat, at(100), input[2]);
  ASSERT_EQ(step.send.size(), 1U);
  EXPECT_EQ(step.send[0].message.kind, Kind::refusal);
  EXPECT_EQ(step.send[0].message.promised, 3U);
  EXPECT_EQ(step.lease.bound_until, voter.bound_until);
  heartbeat.term = 3;
  step = on_message(voter, setup[2], 1, heartbeat, at(100), input[2]);
  ASSERT_EQ(step.send.size(), 1U);
  EXPECT_EQ(step.send[0].message.kind, Kind::ack);
}

TEST_F(Voters, CountForANewTermOnlyWithWhatTheySaidToIt) {
  Lease holder = lease_after_start(setup[1], {1, 1}, at(0), 1);
  input[1].wish = Wish::hold;
  const auto hears = [&](int from, LeaseMessage message, int ms) {
    holder = on_message(holder, setup[1], from, message, at(ms), input[1]).lease;
  };
  holder = on_tick(holder, setup[1], at(3200), input[1]).lease;
  hears(2, {.kind = Kind::refusal, .term = 1, .sent = at(3200), .promised = 2}, 3210);
  holder = on_tick(holder, setup[1], at(3300), input[1]).lease;  // asks for the third
  ASSERT_TRUE(holder.candidacy);
  holder = on_tick(holder, setup[1], at(5000), input[1]).lease;
  hears(3, {.kind = Kind::ack, .term = 1, .sent = at(5000)}, 5010);
  ASSERT_EQ(valid_until(holder, setup[1]), at(8000));
  hears(2, {.kind = Kind::grant, .term = 3, .sent = at(3300)}, 5020);
  EXPECT_EQ(holder.term, 3U);
  EXPECT_EQ(valid_until(holder, setup[1]), at(6300)) << "voter 3 has acknowledged the first term only";
}

TEST_F(Voters, GrantedTooLongAgoToMakeAHolder) {
  input[1].wish = Wish::hold;
  Lease candidate = lease_after_start(setup[1], {}, at(0));
  candidate = on_tick(candidate, setup[1], at(3200), input[1]).lease;
  ASSERT_TRUE(candidate.candidacy);
  const LeaseMessage grant{.kind = Kind::grant, .term = 1, .sent = at(3200)};
  EXPECT_EQ(on_message(candidate, setup[1], 2, grant, at(6199), input[1]).lease.term, 1U);
  EXPECT_EQ(on_message(candidate, setup[1], 2, grant, at(6200), input[1]).lease.term, 0U);
}

TEST_F(Voters, IgnoreStrangersAndAnswersToNothing) {
  run_until(5000);
  const LeaseMessage heartbeat{.kind = Kind::heartbeat, .term = 9, .sent = now};
  EXPECT_TRUE(on_message(lease[2], setup[2], 7, heartbeat, now, input[2]).send.empty());
  input[1].wish = Wish::hold;
  run_until(5200);
  cut[2] = cut[3] = true;
  // An acknowledgement from the future, of another term, and a grant that nobody asked for.
  for (const LeaseMessage& m : {LeaseMessage{.kind = Kind::ack, .term = 1, .sent = now + Millis{60'000}},
                                LeaseMessage{.kind = Kind::ack, .term = 2, .sent = now},
                                LeaseMessage{.kind = Kind::grant, .term = 5, .sent = now}})
    take(1, on_message(lease[1], setup[1], 2, m, now, input[1]));
  run_until(5200 + 3200);
  EXPECT_FALSE(serves(1));
}

}  // namespace
}  // namespace picket
