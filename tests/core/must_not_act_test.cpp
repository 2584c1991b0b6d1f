// What must never cost a healthy primary its clients or its life: the must-not-act list of docs/safety.md, one test
// each, asked of decide() itself. A false fence is an outage.

#include <gmock/gmock.h>

#include "core/story.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The one line of the journal is R1's, and stays the only one.
void expect_primary_throughout(Watcher& w, Millis duration = Millis{60'000}) {
  w.lines.clear();
  w.run(duration);
  EXPECT_THAT(w.lines, ElementsAre(AllOf(HasSubstr("R1 primary raise"), Not(HasSubstr("stop")))));
}

void expect_never_stopped(const Watcher& w) {
  for (const auto& line : w.lines) {
    EXPECT_THAT(line, Not(HasSubstr(" stop_")));
    EXPECT_THAT(line, Not(HasSubstr(" kill_")));
  }
}

TEST(HealthyPrimary, IsLeftAloneWhenAStandbyIsLostAndAMajorityAnswers) {
  for (const Says how :
       {Says::silent, Says::refused, Says::unreachable, Says::frozen, Says::starting, Says::stopping}) {
    Watcher w = healthy();
    w.says(2, how);
    expect_primary_throughout(w);
  }
}

TEST(HealthyPrimary, IsLeftAloneWhenTwoOfFiveAreLost) {
  Watcher w = healthy(5);
  w.says(2, Says::silent);
  w.says(4, Says::unreachable);
  expect_primary_throughout(w);
}

TEST(HealthyPrimary, IsLeftAloneWhenThePeersLetItsProbeNoLongerIn) {
  Watcher w = healthy();
  w.says(2, Says::locked_out);
  w.says(3, Says::locked_out);
  expect_primary_throughout(w);
}

TEST(HealthyPrimary, RaisesAnAlarmAndNothingElseWhenAPeerClaimsToBePrimaryWithoutAMajority) {
  Watcher w = healthy();
  w.become_primary(3, 2);
  w.run(60s);
  EXPECT_THAT(w.lines, ElementsAre(AllOf(HasSubstr("R1 primary raise |"), HasSubstr("pg3 is primary on timeline 2"))));
}

TEST(HealthyPrimary, IsNotImpressedByAHigherTimelineAlone) {
  Watcher w = healthy();
  w.become_primary(3, 200);
  w.run(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  expect_never_stopped(w);
}

TEST(HealthyPrimary, IsNotImpressedByRepmgrsMetadata) {
  Watcher w = healthy();
  for (Peer& peer : w.board.peers) peer.node.type = Node::Type::primary;
  w.board.peers[0].node.active = w.board.peers[1].node.active = false;
  w.board.nodes_why_unknown = "";
  expect_primary_throughout(w);
}

TEST(HealthyPrimary, IsNotImpressedByTheAddressOrByKeepalived) {
  using Address = AddressFacts::State;
  using Keepalived = KeepalivedFacts::State;
  for (const Address address : {Address::not_configured, Address::unknown, Address::absent, Address::present})
    for (const Keepalived keepalived : {Keepalived::unknown, Keepalived::dead, Keepalived::alive}) {
      Watcher w = healthy();
      w.board.address.state = address;
      w.board.keepalived = {.state = keepalived, .last_notify = "INSTANCE VI_1 FAULT 100"};
      w.run(30s);
      EXPECT_EQ(w.verdict.rule, Rule::R1);
      EXPECT_FALSE(w.verdict.remove_address);
      expect_never_stopped(w);
    }
}

TEST(HealthyPrimary, IsLeftAloneWhenDBusIsGone) {
  Watcher w = healthy();
  w.board.unit = {.why_unknown = "D-Bus: connection refused"};
  w.run(60s);
  EXPECT_THAT(w.lines, ElementsAre(HasSubstr("R1 primary raise")));
}

TEST(HealthyPrimary, IsLeftAloneWhenItsPostmasterPidCannotBeRead) {
  Watcher w = healthy();
  w.board.postmaster = {.why_unknown = "the disk does not answer"};
  expect_primary_throughout(w);
}

TEST(HealthyPrimary, IsLeftAloneWhenAllItsSlotsAreTaken) {
  Watcher w = healthy();
  w.says(1, Says::full);
  expect_primary_throughout(w);
}

TEST(HealthyPrimary, KeepsItsRoleForAWhileWhenItsProbeIsLockedOutAndIsNeverStoppedForThat) {
  Watcher w = healthy();
  w.says(1, Says::locked_out);
  w.run(4s);
  EXPECT_EQ(w.verdict.rule, Rule::R14);
  EXPECT_EQ(w.verdict.advert, Advert::primary);
  EXPECT_EQ(w.verdict.vrrp, Vrrp::hold);
  w.run(60s);
  EXPECT_EQ(w.verdict.advert, Advert::down);
  expect_never_stopped(w);
}

TEST(HealthyPrimary, IsNotStoppedForOneConnectionThatTookTooLong) {
  Watcher w = healthy();
  for (int i = 0; i < 20; ++i) {
    w.says(1, Says::frozen);
    w.run(1s);
    w.says(1, Says::ok);
    w.run(4s);
    EXPECT_EQ(w.verdict.rule, Rule::R1);
  }
  for (const auto& line : w.lines) EXPECT_THAT(line, HasSubstr(" primary "));
}

TEST(HealthyPrimary, IsLeftAloneWhenItsFollowersLag) {
  Watcher w = healthy();
  w.policy.replica_max_lag = 1;
  w.facts(1).lsn = 1'000'000'000;
  expect_primary_throughout(w);
}

TEST(HealthyPrimary, RecoversFromABackendCrashWithoutAFence) {
  Watcher w = healthy();
  w.says(1, Says::starting);  // postmaster and process id stay
  w.follow(2, 0), w.follow(3, 0);
  w.run(30s);
  EXPECT_EQ(w.verdict.rule, Rule::R8);
  w.says(1, Says::ok);
  w.run(1s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  expect_never_stopped(w);
}

// The answers of the local server and of the peers arrive one after the other, each with its own round.
void answers_arrive_one_by_one(Watcher& w) {
  for (int node = 1; node <= 3; ++node) w.says(node, Says::silent);
  w.tick(10ms);
  for (int node = 1; node <= 3; ++node) {
    w.says(node, Says::ok);
    w.tick(10ms);
  }
  w.run(5s);
}

TEST(HealthyPrimary, KeepsTheAddressAfterItsAgentSleptAndWhileItLooksAgain) {
  Watcher w = healthy();
  w.sleep(3s);
  answers_arrive_one_by_one(w);
  EXPECT_THAT(w.lines,
              ElementsAre(HasSubstr("R0b down hold"), HasSubstr("R6 down hold"), HasSubstr("R1 primary raise")));
}

TEST(HealthyPrimary, KeepsTheAddressWhenItsAgentIsRestarted) {
  Watcher w = healthy();
  w.restart_agent();
  answers_arrive_one_by_one(w);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  for (const auto& line : w.lines) EXPECT_THAT(line, Not(AnyOf(HasSubstr(" lower"), HasSubstr(" fault"))));
}

TEST(HealthyPrimary, GivesTheAddressUpWhenNothingCanBeConfirmedSoonAfterAGap) {
  Watcher w = healthy();
  w.sleep(3s);
  w.says(2, Says::silent), w.says(3, Says::silent);
  w.run(2s);
  EXPECT_EQ(w.verdict.vrrp, Vrrp::lower) << line_of(w.verdict);
}

TEST(HealthyPrimary, DoesNotTakeAStandbyThatFollowsAVanishedStandbyForARival) {
  Watcher w(4);
  w.follow(4, 3);  // pg4 cascades from pg3
  w.run(5s);
  w.says(3, Says::silent);
  w.deafen(4);
  w.lines.clear();
  w.run(60s);
  EXPECT_THAT(w.lines, ElementsAre(HasSubstr("R1 primary raise")));
  EXPECT_EQ(w.signals.rival, Rival::none);
}

TEST(HealthyPrimary, IsNotStoppedByAListOfFollowersThatIsContradicted) {
  // pg2 was promoted once and kept pg3's name in its list; pg3 cannot be asked, and pg1 has it in its list as well.
  Watcher w = healthy();
  w.says(3, Says::silent);
  w.become_primary(2, 2);
  w.facts(2).followers.push_back({.application_name = "pg3", .state = "streaming"});
  w.run(60s);
  expect_never_stopped(w);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
}

TEST(HealthyPrimary, IsNotStoppedForWhatWasSeenOnlyOnce) {
  Watcher w = healthy();
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.tick();
  w.says(2, Says::silent);  // no second answer, while the first is still fresh
  w.run(750ms);
  EXPECT_EQ(w.verdict.rule, Rule::R3c) << line_of(w.verdict);
  EXPECT_EQ(w.signals.rival, Rival::proven);
}

TEST(PromotedStandby, IsGivenTimeToBeFollowedBeforeItCountsAsStale) {
  // pg2's postmaster is frozen, so repmgrd promotes pg1; pg2's sessions and its stream to pg3 go on for a while.
  Watcher w(3, 2);
  w.run(30s);
  EXPECT_EQ(w.verdict.rule, Rule::R12);
  w.says(2, Says::frozen);
  w.run(10s);
  w.lines.clear();
  w.become_primary(1, 2);
  w.run(4s);
  EXPECT_EQ(w.verdict.rule, Rule::R3c);
  w.follow(3, 1);
  w.run(10s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  expect_never_stopped(w);
}

TEST(PromotedStandby, IsStoppedWhenNobodyFollowsItAndTheOldPrimaryGoesOn) {
  Watcher w(3, 2);
  w.run(30s);
  w.become_primary(1, 2);
  w.run(5250ms);
  EXPECT_EQ(w.verdict.rule, Rule::R3) << line_of(w.verdict);
}

TEST(Standby, IsNeverStopped) {
  for (const Says how : {Says::silent, Says::frozen, Says::full, Says::locked_out, Says::starting, Says::stopping}) {
    Watcher w(3, 2);
    w.run(5s);
    w.says(1, how);
    w.says(2, Says::silent), w.says(3, Says::silent);
    w.run(60s);
    expect_never_stopped(w);
  }
}

TEST(TwoNodes, NeverFenceThemselvesForSilence) {
  Watcher w = healthy(2);
  w.says(2, Says::silent);
  w.run(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R4b);
  EXPECT_EQ(w.verdict.advert, Advert::primary);
  expect_never_stopped(w);
}

TEST(TwoNodes, GoOnWhenTheStandbysServerIsDownAndItsHostSaysSo) {
  Watcher w = healthy(2);
  w.says(2, Says::refused);
  w.run(30s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  w.restart_agent();
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R1) << line_of(w.verdict);
}

TEST(Address, IsNotRemovedFromAPrimaryWhileTheAgentLooksAroundAndKeepalivedIsDead) {
  Watcher w;
  w.board.address.state = AddressFacts::State::present;
  w.board.keepalived.state = KeepalivedFacts::State::dead;
  w.tick();
  EXPECT_FALSE(w.verdict.remove_address) << line_of(w.verdict);
  w.run(5s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  EXPECT_FALSE(w.verdict.remove_address);
}

}  // namespace
}  // namespace picket
