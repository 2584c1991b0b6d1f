// What the lease makes of a primary: who is one, who is not any more, and what is wanted of the lease next.

#include "core/lease_view.hpp"

#include <gmock/gmock.h>

#include "core/leased.hpp"

namespace picket {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(LeasedPrimary, IsOneWhileItsLeaseIsRenewed) {
  Leased w;
  EXPECT_EQ(verdict_of(w), "R1 primary hold");
}

TEST(LeasedPrimary, IsStoppedAtTheEndOfItsLeaseAndNotBefore) {
  Leased w;
  const Instant last = w.now;
  w.look(1250ms, false);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  while (w.now < w.board.lease->valid_until) {
    w.tick(50ms);
    if (w.now < w.board.lease->valid_until) {
      EXPECT_EQ(w.verdict.advert, Advert::primary) << (w.now - last).count();
    }
  }
  EXPECT_EQ(w.verdict.rule, Rule::R4);
  EXPECT_EQ(w.verdict.action, Action::stop_now);
  EXPECT_EQ(w.verdict.lease, Wish::idle);
  EXPECT_THAT(w.verdict.sentence, HasSubstr("its lease has ended"));
}

TEST(LeasedPrimary, IsNotStoppedForNodesThatDoNotAnswerWhileTheVotersDo) {
  Leased w;
  w.says(2, Says::silent);
  w.says(3, Says::silent);
  w.look(30s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
}

TEST(LeasedPrimary, IsNotStoppedForAHandPromotedStandbyThatAllOthersFollow) {
  Leased w;
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.look(30s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  EXPECT_THAT(w.verdict.alarms, testing::Contains(HasSubstr("a second primary")));
}

TEST(PrimaryWithoutALease, IsNotAdvertisedWhoeverFollowsItAndAsksForOne) {
  Leased w;
  w.board.lease = LeaseFacts{};
  w.board.lease->voters = 3;
  w.memory.state = {};
  w.look(10s, false);
  EXPECT_EQ(verdict_of(w), "R6 down hold");
  EXPECT_THAT(w.verdict.sentence, HasSubstr("does not hold the lease"));
  w.board.lease->term = w.board.lease->won_term = 1;
  w.board.lease->won_by = 1;
  w.look(500ms);
  EXPECT_EQ(verdict_of(w), "R1 primary hold");
}

TEST(PrimaryWithoutALease, IsNotStoppedAsLongAsItNeverHadOne) {
  Leased w;
  w.replaced_by(0, 0);
  w.board.lease->had = false;  // level lease is new here, and a firewall keeps the voters apart
  w.look(60s, false);
  EXPECT_EQ(w.verdict.action, Action::none);
  EXPECT_EQ(w.verdict.rule, Rule::R6);
  EXPECT_EQ(w.verdict.vrrp, Vrrp::lower);
}

TEST(ReplacedPrimary, IsStoppedOnceTheHolderOfTheNewerLeaseIsSeenToBePrimary) {
  Leased w;
  w.memory.state.held = false;  // it has just come back
  w.replaced_by(2, 5);
  w.board.lease->had = false;
  w.look(3s, false);
  EXPECT_EQ(w.verdict.action, Action::none) << "pg2 has won, and is still in recovery";
  w.become_primary(2, 2);
  w.look(3s, false);
  EXPECT_EQ(w.verdict.rule, Rule::R3);
  EXPECT_THAT(w.verdict.sentence, HasSubstr("pg2 holds a newer lease and is primary on timeline 2"));
}

TEST(ReplacedPrimary, IsStoppedByTheWordOfTheWinnersAgentWhenItsServerCannotBeAsked) {
  Leased w;
  w.memory.state.held = false;
  w.replaced_by(2, 5);
  w.board.lease->had = false;
  w.says(2, Says::silent);
  w.look(3s, false);
  EXPECT_EQ(verdict_of(w), "R6 down idle") << "it may have been promoted, or not";
  for (int i = 0; i < 12; ++i) {
    w.board.lease->winner_promoted = w.now;
    w.tick();
  }
  EXPECT_EQ(w.verdict.rule, Rule::R3);
}

TEST(RestartedAgent, NeitherAdvertisesNorStopsBeforeTheVotersHadTimeToAnswer) {
  Leased w;
  w.restart_agent();
  w.board.lease->term = 0;
  w.board.lease->valid_until = Instant::min();
  for (const Instant end = w.now + 1400ms; w.now < end; w.tick(100ms)) {
    ASSERT_EQ(w.verdict.action, Action::none);
    if (w.now != w.board.started) {
      ASSERT_EQ(w.verdict.advert, Advert::down);
    }
    ASSERT_NE(w.verdict.vrrp, Vrrp::lower);
  }
  EXPECT_EQ(w.verdict.lease, Wish::hold);
  w.renew();
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R1);
}

TEST(Wishes, GiveTheLeaseBackOnlyAfterProofOfDeath) {
  Leased w;
  w.policy.on_crash = OnCrash::release;
  w.local_dead(2);
  w.look(250ms);
  EXPECT_EQ(w.verdict.rule, Rule::R9);
  EXPECT_EQ(w.verdict.lease, Wish::idle) << "its children live on";
  w.local_dead();
  w.look(500ms);
  EXPECT_EQ(w.verdict.lease, Wish::give_back);
  w.board.postmaster.process = PostmasterFacts::Process::unknown;
  w.look(500ms);
  EXPECT_EQ(w.verdict.lease, Wish::idle) << "a refused connection proves nothing";
}

TEST(Wishes, KeepTheLeaseForACrashThatIsAnsweredInPlace) {
  Leased w;
  w.local_dead();
  w.board.postmaster.left_pid_file = true;
  w.board.unit.known = true;
  w.look(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R10c);
  EXPECT_EQ(w.verdict.lease, Wish::hold);
}

TEST(Wishes, OfAStandbyAreToHoldWhileItIsBeingPromotedAndElseToGiveBack) {
  Watcher w(3, 2);
  w.policy.level = Level::lease;
  w.board.lease.emplace();
  w.run(2s);
  EXPECT_EQ(w.verdict.lease, Wish::give_back);
  w.board.lease->campaigning = true;
  w.run(500ms);
  EXPECT_EQ(w.verdict.lease, Wish::hold);
}

TEST(Wishes, OfAPrimaryThatCannotBeAskedAreToHoldAndAnAlarmSaysSo) {
  Leased w;
  w.says(1, Says::locked_out);
  w.look(w.policy.role_ttl + 1s);
  EXPECT_EQ(verdict_of(w), "R16 down hold") << "its sessions may go on";
  EXPECT_THAT(w.verdict.alarms, testing::Contains(HasSubstr("cannot be asked any more, and holds the lease")));
}

TEST(Wishes, EndForAHungPrimary) {
  Leased w;
  w.says(1, Says::frozen);
  w.look(1s);
  EXPECT_EQ(w.verdict.lease, Wish::hold);
  w.look(8s);
  EXPECT_EQ(w.verdict.rule, Rule::R7);
  EXPECT_EQ(w.verdict.lease, Wish::idle);
}

TEST(LeasedPrimary, ThatComesOutOfRecoveryAfterItsLeaseIsStoppedAtFirstSight) {
  Leased w;
  w.local_dead();
  w.look(500ms);
  w.local_new_postmaster();
  w.says(1, Says::starting);
  w.look(30s);
  EXPECT_EQ(w.verdict.lease, Wish::hold) << "nobody else may have it while this may let writers in at any moment";
  w.look(4s, false);  // cut off meanwhile
  w.says(1, Says::ok);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R4);
  EXPECT_EQ(w.verdict.action, Action::stop_now);
}

/// Shut down and started again by somebody's hand, so slowly that the lease, which nobody asks for meanwhile, ends.
struct RestartedPrimary : testing::Test {
  RestartedPrimary() {
    w.says(1, Says::stopping);
    w.board.postmaster.status = "stopping";
    w.look(500ms);
    EXPECT_EQ(w.verdict.lease, Wish::hold);
    w.board.unit.job = "restart";
    w.local_dead();
    w.look(4s, false);
    EXPECT_EQ(w.verdict.lease, Wish::idle);
    w.local_new_postmaster();
    w.board.postmaster.status = "ready";
    w.says(1, Says::ok);
  }
  Leased w;
};

TEST_F(RestartedPrimary, GoesOnWithItsLeaseWhenTheVotersStillGiveIt) {
  for (int i = 0; i < 3; ++i) {
    w.tick();
    EXPECT_EQ(verdict_of(w), "R6 down hold");
    EXPECT_EQ(w.verdict.action, Action::none);
    EXPECT_EQ(w.verdict.vrrp, Vrrp::hold);
  }
  w.look(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
}

TEST_F(RestartedPrimary, AsksForItsLeaseAtTheSightOfItsFilesToo) {
  w.says(1, Says::locked_out);
  w.board.disk.known = true;
  w.board.disk.control_state = "in production";
  w.tick();
  EXPECT_EQ(w.verdict.lease, Wish::hold) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.action, Action::none);
}

TEST_F(RestartedPrimary, IsStoppedWhenNoVoterAnswersInASecond) {
  w.look(1s, false);
  EXPECT_EQ(w.verdict.action, Action::none);
  w.look(500ms, false);
  EXPECT_EQ(w.verdict.rule, Rule::R4);
}

TEST_F(RestartedPrimary, IsStoppedAtOnceWhenAnotherHoldsANewerLease) {
  w.replaced_by(2, 5);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R4) << line_of(w.verdict);
}

TEST_F(RestartedPrimary, IsGivenNoSecondBesideAnotherPrimary) {
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R4) << line_of(w.verdict);
}

TEST_F(RestartedPrimary, IsStoppedAtTheEndOfItsLeaseOnceItWasConfirmed) {
  w.renew();
  w.tick();
  ASSERT_EQ(w.verdict.rule, Rule::R1);
  w.board.lease->valid_until = w.now + 100ms;  // the network is cut in that moment
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R4) << line_of(w.verdict);
}

/// pg1 was cut off, is fenced and dead; its network is back.
struct Fenced : Leased {
  Fenced() {
    look(4s, false);
    EXPECT_EQ(verdict.rule, Rule::R4);
    fenced({"isolated"});
    local_dead();
    gives_back();
  }
};
constexpr auto unheard = "PostgreSQL is not started again before the agents of 2 of the 3 voters are heard";

TEST(IsolatedPrimary, StartsAgainAtLevelLeaseToo) {
  Fenced w;
  w.complaints = {{3, {}}};
  w.hear(6s, false);
  EXPECT_EQ(w.verdict.rule, Rule::B3) << "one and this one are two of three";
  EXPECT_EQ(w.verdict.action, Action::start);
  EXPECT_THAT(w.verdict.alarms, Not(Contains(HasSubstr(unheard))));
  // Not while somebody may have been promoted who does not answer.
  w.board.lease->won_term = 9;
  w.board.lease->won_by = 3;
  w.says(3, Says::silent);
  w.hear(6s, false);
  EXPECT_NE(w.verdict.action, Action::start);
}

TEST(IsolatedPrimary, DoesNotStartAgainBeforeItHearsTheVoters) {
  Fenced w;
  w.look(60s, false);
  EXPECT_EQ(w.verdict.rule, Rule::R2h) << "their servers answer; one of them may have the lease, and be promoted now";
  EXPECT_THAT(w.verdict.alarms, Contains(HasSubstr(unheard)));
}

TEST(IsolatedPrimary, DoesNotStartAgainWhileItIsBoundToOneWhoMayBePromotedNow) {
  Fenced w;
  w.hear(2s, false);
  w.board.lease->bound = true;
  w.board.lease->won_term = 9;
  w.board.lease->won_by = 3;
  w.hear(60s, false);
  EXPECT_EQ(w.verdict.rule, Rule::R2h) << "the winner's server is a standby still";
  w.board.lease->bound = false;  // he has given up
  w.hear(6s, false);
  EXPECT_EQ(w.verdict.rule, Rule::B3);
}

TEST(IsolatedPrimary, HearsVotersThatSpeakSeldom) {
  Fenced w;
  w.board.lease->heartbeat = 10s;
  for (int i = 0; i < 3; ++i) {
    w.hear(250ms, false);
    w.look(9750ms, false);
  }
  EXPECT_EQ(w.verdict.rule, Rule::B3);
}

TEST(RefusedStart, IsNotMadeGoodBeforeTheVotersAreHeardOrWhileBoundToAnother) {
  Leased w;
  w.local_dead();
  w.gives_back();
  w.board.disk = {.known = true, .system_identifier = w.facts(1).system_identifier, .checkpoint_timeline = 1};
  w.board.marker.state = MarkerFacts::State::none;
  w.board.unit = {.known = true, .name = "postgresql@15-main.service", .active_state = "failed"};
  w.board.start_refused = StartRefusal{"B5", "asked 2 nodes"};
  w.look(20s, false);
  EXPECT_EQ(w.verdict.action, Action::none) << line_of(w.verdict);
  EXPECT_THAT(w.verdict.alarms, Contains(HasSubstr(unheard)));
  w.board.lease->bound = true;
  w.hear(20s, false);
  EXPECT_EQ(w.verdict.action, Action::none) << line_of(w.verdict);
  w.board.lease->bound = false;
  w.hear(5s, false);
  EXPECT_EQ(w.verdict.rule, Rule::B3) << line_of(w.verdict);
}

}  // namespace
}  // namespace picket
