// Who else might be the primary, who follows whom, and what a fenced node has to show: the reductions of signals.cpp
// that look at the whole cluster.

#include <gmock/gmock.h>

#include "core/boards.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::ElementsAre;
using testing::IsEmpty;

const Policy policy;

// --- rival

TEST(RivalSeen, IsClaimedByOneNodeAndProvenByTheWordOfAStandbyThatFollowsIt) {
  Scene w;
  w.become_primary(2, 2);
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::claimed);
  EXPECT_EQ(w.view().rival.peer->node.name, "pg2");
  w.follow(3, 2);
  w.facts(2).followers.clear();  // its own list hidden
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::proven);
  EXPECT_THAT(w.view().rival.followers, ElementsAre("pg3"));
  EXPECT_EQ(w.view().rival.timeline, 2U);
}

TEST(RivalSeen, IsProvenByItsListForAStandbyThatCannotBeAskedOrMayNotSay) {
  Scene w;
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.facts(3).receiver->status = "";  // no pg_monitor
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::proven);
  w.says(3, Says::silent);
  w.run(3s);
  EXPECT_EQ(w.view().rival.rival, Rival::proven);
  w.facts(2).followers[0].state = "catchup";
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::claimed);
}

TEST(RivalSeen, IsNotProvenAgainstTheWordOfTheStandby) {
  Scene w;
  w.become_primary(2, 2);
  w.facts(2).followers.push_back({.application_name = "pg3", .state = "streaming"});  // pg3 says it follows pg1
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::claimed);
}

TEST(RivalSeen, LosesAFollowerThatHasHeardNothingForTooLong) {
  Scene w;
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.deafen(3);
  w.run(policy.upstream_silence);
  EXPECT_EQ(w.view().rival.rival, Rival::proven);
  w.run(500ms);
  EXPECT_EQ(w.view().rival.rival, Rival::claimed);
}

TEST(RivalSeen, NeedsThreeOfFive) {
  Scene w(5);
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::claimed);
  w.follow(4, 2);
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::proven);
}

TEST(RivalSeen, IsNeverAWitnessUnlessItHasOurData) {
  Scene w;
  w.peer(3).node.type = Node::Type::witness;
  w.become_primary(3, 1);
  w.facts(3).system_identifier = 42;
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::none);
  w.facts(3).system_identifier = w.facts(1).system_identifier;  // its row was edited
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::claimed);
}

TEST(RivalSeen, WithOtherDataIsPossibleAndNeverProvenWhoeverFollowsIt) {
  Scene w;
  w.become_primary(2, 2);
  w.follow(3, 2);
  w.facts(2).system_identifier = 42;
  w.tick();
  EXPECT_EQ(w.view().rival.rival, Rival::possible);
  EXPECT_TRUE(w.view().rival.other_data);
}

TEST(RivalSeen, IsForgottenWhenItIsNoLongerFresh) {
  Scene w;
  w.become_primary(2, 2);
  w.tick();
  w.says(2, Says::silent);
  w.run(1s);
  EXPECT_EQ(w.view().rival.rival, Rival::claimed);
  w.run(1s);
  EXPECT_EQ(w.view().rival.rival, Rival::none);
}

TEST(RivalUnseen, IsPossibleOnAnOlderTimelineAndProvenByAMajorityOnANewerOne) {
  for (const auto& [timeline, expected] : {std::pair{6U, Rival::possible}, {7U, Rival::none}, {8U, Rival::proven}}) {
    Scene w;
    w.seen(1).timeline = 7;
    w.seen(3).receiver->timeline = timeline;
    w.seen(3).receiver->sender_host = "pg2";
    w.peer(2).server = {};
    EXPECT_EQ(w.view().rival.rival, expected) << timeline;
    EXPECT_FALSE(expected == Rival::proven && w.view().rival.seen);
  }
}

TEST(RivalUnseen, OnAnOlderTimelineIsProvenByAMajorityThatHeardItAfterOurPromotion) {
  for (const auto& [age, expected] : {std::pair{1000ms, Rival::possible}, {999ms, Rival::proven}}) {
    Scene w;
    w.seen(1).timeline = 7;
    w.seen(3).receiver->timeline = 6;
    w.seen(3).receiver->sender_host = "pg2";
    w.seen(3).receiver->message_age = age;
    w.peer(2).server = {};
    const Horizon h{w.now, {}, w.now - 1s};
    EXPECT_EQ(view_cluster(w.board, h, policy).rival.rival, expected) << age.count();
  }
}

TEST(RivalUnseen, OfAnUnregisteredNameOrAnUnknownOwnTimelineIsOnlyPossible) {
  Scene w;
  w.peer(2).server = {};
  w.seen(3).receiver->timeline = 8;
  w.seen(3).receiver->sender_host = "stranger";
  EXPECT_EQ(w.view().rival.rival, Rival::possible);
  EXPECT_EQ(w.view().rival.peer, nullptr);
  w.seen(3).receiver->sender_host = "pg2";
  w.board.server.session.answer = Answer::authentication_failed;
  EXPECT_EQ(w.view().rival.rival, Rival::possible);
}

TEST(RivalUnseen, IsNoneWhenTheUpstreamIsSeenAndNoPrimaryOrTheReceiverIsDead) {
  Scene w(4);
  w.seen(4).receiver->sender_host = "pg3";
  w.seen(4).receiver->timeline = 8;
  EXPECT_EQ(w.view().rival.rival, Rival::none);
  w.peer(3).server = {};
  EXPECT_EQ(w.view().rival.rival, Rival::possible);
  w.seen(4).receiver->message_age = policy.upstream_silence + 1ms;
  EXPECT_EQ(w.view().rival.rival, Rival::none);
}

TEST(RivalUnseen, CannotBeExcludedWhileAMajorityTellsNothing) {
  Scene w;
  w.peer(2).server.session.answer = Answer::authentication_failed;
  EXPECT_EQ(w.view().rival.rival, Rival::none);  // pg3 tells
  w.peer(3).server.session.answer = Answer::starting;
  EXPECT_EQ(w.view().rival.rival, Rival::possible);
}

// --- upstream, own followers

TEST(Upstream, IsTheVisiblePrimaryThatThisStandbySaysItStreamsFrom) {
  Scene w(3, 2);
  ASSERT_NE(w.view().upstream, nullptr);
  EXPECT_EQ(w.view().upstream->node.name, "pg2");
  w.seen(1).receiver->sender_host = "10.0.0.2";  // another name of it: then pg2's list must name us
  EXPECT_NE(w.view().upstream, nullptr);
  w.seen(2).followers.clear();
  EXPECT_EQ(w.view().upstream, nullptr);
}

TEST(Upstream, IsNobodyWhenThePrimaryIsNotSeenOrIsNoneOrHasOtherDataOrFellSilent) {
  const auto without = [](auto change) {
    Scene w(3, 2);
    change(w);
    return w.view().upstream == nullptr;
  };
  EXPECT_FALSE(without([](Scene&) {}));
  EXPECT_TRUE(without([](Scene& w) { w.peer(2).server.session.answer = Answer::timed_out; }));
  EXPECT_TRUE(without([](Scene& w) { w.seen(2).role = Role::standby; }));
  EXPECT_TRUE(without([](Scene& w) { w.seen(2).system_identifier = 42; }));
  EXPECT_TRUE(without([](Scene& w) { w.seen(1).receiver->message_age = policy.upstream_silence + 1ms; }));
  EXPECT_TRUE(without([](Scene& w) { w.seen(1).receiver.reset(); }));
  EXPECT_TRUE(without([](Scene& w) { w.seen(1).role = Role::primary; }));
}

TEST(Upstream, AgesTheReceiversWordByTheTimeSinceItWasAsked) {
  Scene w(3, 2);
  w.seen(1).receiver->message_age = policy.upstream_silence - 500ms;
  EXPECT_NE(view_cluster(w.board, {w.now + 500ms, {}}, policy).upstream, nullptr);
  EXPECT_EQ(view_cluster(w.board, {w.now + 501ms, {}}, policy).upstream, nullptr);
}

TEST(OwnFollowers, AreThoseWhoSayThatTheyStreamFromHere) {
  Scene w;
  EXPECT_THAT(w.view().own_followers, ElementsAre("pg2", "pg3"));
  w.seen(2).receiver->sender_host = "pg3";
  w.seen(3).receiver->sender_port = 5433;  // another server of this host, by a name that nobody registered
  w.seen(1).followers.clear();
  EXPECT_THAT(w.view().own_followers, IsEmpty());
}

TEST(OwnFollowers, AreTakenFromTheOwnListWhenTheyCannotBeAsked) {
  Scene w;
  w.peer(2).server = {};
  w.seen(3).receiver.reset();
  EXPECT_THAT(w.view().own_followers, ElementsAre("pg2", "pg3"));
  w.seen(1).followers.erase(w.seen(1).followers.begin());
  EXPECT_THAT(w.view().own_followers, ElementsAre("pg3"));
}

// --- nobody

/// pg2 was the primary, by repmgr.nodes too, and is gone; nobody was promoted.
struct Orphaned : Scene {
  Orphaned() : Scene(3, 2) {
    peer(2).node.type = Node::Type::primary;
    says(2, Says::silent);
    follow(1, 0), follow(3, 0);
  }
  bool advises() const {
    return testing::Value(verdict.alarms, testing::Contains(testing::HasSubstr("start PostgreSQL on pg2")));
  }
};

TEST(MissingPrimary, IsNamedWithAnAdviceOnceAnElectionWouldBeOver) {
  Orphaned w;
  w.run(14s);
  EXPECT_FALSE(w.advises());
  w.run(3s);
  EXPECT_EQ(w.verdict.rule, Rule::R13);
  EXPECT_TRUE(w.advises());
  w.says(2, Says::ok);
  w.run(2s);
  EXPECT_FALSE(w.advises());
}

TEST(MissingPrimary, IsNotMissedOnceSomebodyElseIsPrimaryOrIsFollowed) {
  Orphaned w;
  w.run(20s);
  w.become_primary(3, 2);
  w.run(1s);
  EXPECT_FALSE(w.advises());
  w.follow(1, 3);
  w.run(1s);
  EXPECT_EQ(w.verdict.rule, Rule::R12);
  EXPECT_FALSE(w.advises());
}

TEST(MissingPrimary, IsNobodyWhomTheListOfNodesDoesNotName) {
  Orphaned w;
  w.peer(2).node.type = Node::Type::standby;
  w.run(20s);
  EXPECT_EQ(w.view().missing, nullptr);
}

}  // namespace
}  // namespace picket
