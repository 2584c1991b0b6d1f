// What a fenced node has to show before its fence is over: the reductions nobody_promoted and verified_standby.

#include <gmock/gmock.h>

#include "core/boards.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// pg1 was fenced for isolation on timeline 1 and does not run; everybody else is back in sight.
struct Isolated : Scene {
  Isolated() {
    local_dead();
    fenced({"isolated"});
    run(5s);
  }
  bool nobody_promoted() const { return view().nobody_promoted; }
};

TEST(NobodyPromoted, NeedsAMajorityInRecoveryOnOurTimelineAndSystem) {
  const auto when = [](auto change) {
    Isolated w;
    change(w);
    return w.nobody_promoted();
  };
  EXPECT_TRUE(when([](Isolated&) {}));
  EXPECT_TRUE(when([](Isolated& w) { w.peer(2).server = {}; }));
  EXPECT_FALSE(when([](Isolated& w) { w.peer(2).server = w.peer(3).server = {}; }));
  EXPECT_FALSE(when([](Isolated& w) { w.seen(2).role = Role::primary; }));
  EXPECT_FALSE(when([](Isolated& w) { w.seen(2).timeline = 2; }));
  EXPECT_FALSE(when([](Isolated& w) { w.seen(2).system_identifier = 42; }));
  EXPECT_FALSE(when([](Isolated& w) { w.board.marker.timeline = 0; }));
  EXPECT_FALSE(
      when([](Isolated& w) { w.peer(2).server.session.answer = w.peer(3).server.session.answer = Answer::starting; }));
  EXPECT_FALSE(when([](Isolated& w) {
    w.peer(2).server = {};
    w.seen(3).receiver = Receiver{.status = "streaming", .sender_host = "pg2", .sender_port = 5432, .timeline = 2};
  }));
}

TEST(NobodyPromoted, CountsAWitnessAsOneWhoLooksAndNeverAsOneWhoWasPromoted) {
  Isolated w;
  w.peer(3).node.type = Node::Type::witness;
  w.seen(3).role = Role::primary;
  w.seen(3).timeline = 9;
  w.seen(3).system_identifier = 42;
  EXPECT_TRUE(w.nobody_promoted());
  w.seen(3).role = Role::standby;
  w.seen(3).system_identifier = w.seen(2).system_identifier;
  EXPECT_FALSE(w.nobody_promoted()) << "its row was edited, and it is on a newer timeline";
}

TEST(NobodyPromoted, IsBelievedOnlyAfterALongerTimeWhereTheLinkFlaps) {
  Watcher w;
  w.run(3s);
  const auto return_after_a_cut = [&] {
    w.says(2, Says::silent), w.says(3, Says::silent);
    while (w.verdict.rule != Rule::R4) w.tick();
    w.fenced({"isolated"});
    w.local_dead();
    w.run(2s);
    w.says(2, Says::ok), w.says(3, Says::ok);
    const Instant healed = w.now;
    while (w.verdict.rule != Rule::B3 && w.now - healed < 60s) w.tick();
    w.board.marker = {.state = MarkerFacts::State::none};
    w.local_new_postmaster();
    w.says(1, Says::ok);
    w.become_primary(1, 1);
    w.follow(2, 1), w.follow(3, 1);
    const Millis took = w.now - healed;
    w.run(5s);
    EXPECT_EQ(w.verdict.rule, Rule::R1);
    return took;
  };
  EXPECT_LT(return_after_a_cut(), 5s);
  EXPECT_GT(return_after_a_cut(), 9s);
  w.run(61s);
  EXPECT_LT(return_after_a_cut(), 5s);
}

TEST(NobodyPromoted, IsBelievedOnlyAfterItHasStoodForAWhile) {
  Isolated w;
  EXPECT_EQ(w.verdict.rule, Rule::B3);  // after five seconds
  Isolated again;
  again.says(2, Says::silent), again.says(3, Says::silent);
  again.run(3s);
  EXPECT_EQ(again.verdict.rule, Rule::R2h);
  again.says(2, Says::ok);
  again.run(3s);
  EXPECT_EQ(again.verdict.rule, Rule::R2h);
  again.run(500ms);
  EXPECT_EQ(again.verdict.rule, Rule::B3);
}

TEST(VerifiedStandby, StreamsFromAVisiblePrimaryOnItsTimelineAndSystem) {
  Scene w(3, 2);
  EXPECT_TRUE(w.view().verified_standby);
  w.seen(2).timeline = 2;
  EXPECT_FALSE(w.view().verified_standby);
  w.seen(1).receiver->timeline = 2;
  EXPECT_TRUE(w.view().verified_standby);
  w.seen(1).system_identifier = w.seen(2).system_identifier = 0;  // hidden is not equal
  EXPECT_FALSE(w.view().verified_standby);
}

TEST(VerifiedStandby, ClearsItsMarkerAfterTenUnbrokenSeconds) {
  Scene w(3, 2);
  w.fenced({"stale"});
  w.run(8s);
  EXPECT_FALSE(w.verdict.clear_marker);
  w.says(2, Says::silent);
  w.run(3s);
  w.says(2, Says::ok);
  w.run(10s);
  EXPECT_FALSE(w.verdict.clear_marker);
  w.run(500ms);
  EXPECT_TRUE(w.verdict.clear_marker);
  EXPECT_EQ(w.verdict.rule, Rule::R12);
}

}  // namespace
}  // namespace picket
