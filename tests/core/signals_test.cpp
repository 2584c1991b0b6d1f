// From raw facts to the alphabet of the table: each reduction by itself, with the bounds at which it changes its mind.

#include "core/signals.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "core/boards.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

using Process = PostmasterFacts::Process;

const Policy policy;

// --- is_fresh

TEST(Fresh, IsWhatTheSessionSaidWithinTheBoundAndSinceTheHorizon) {
  Scene w;
  const ServerView& server = w.board.server;
  const Instant asked = server.facts_asked;
  EXPECT_TRUE(is_fresh(server, {asked + 1500ms, {}}, policy));
  EXPECT_FALSE(is_fresh(server, {asked + 1501ms, {}}, policy));
  EXPECT_TRUE(is_fresh(server, {asked, asked}, policy));
  EXPECT_FALSE(is_fresh(server, {asked + 1ms, asked + 1ms}, policy));
}

TEST(Fresh, EndsWhenTheSessionFailsOrNothingWasEverRead) {
  Scene w;
  EXPECT_FALSE(is_fresh(ServerView{}, w.horizon(), policy));
  for (const Answer answer : {Answer::closed, Answer::timed_out, Answer::starting, Answer::garbage, Answer::failed}) {
    w.board.server.session.answer = answer;
    EXPECT_FALSE(is_fresh(w.board.server, w.horizon(), policy));
  }
}

// --- postmaster_state

struct PostmasterCase {
  const char* what;
  Process process;
  const char* status;  // postmaster.pid, line 8
  Answer session;
  Answer fresh;  // ended after the session's answer
  Postmaster expected;
};

TEST(PostmasterState, FollowsFromTheProcessAndFromBothWaysOfAsking) {
  using enum Answer;
  const PostmasterCase cases[] = {
      {"all is well", Process::alive, "ready", ok, ok, Postmaster::up},
      {"no process", Process::absent, "", refused, refused, Postmaster::absent},
      {"no process, whatever was heard before", Process::absent, "", ok, ok, Postmaster::absent},
      {"slots exhausted", Process::alive, "ready", ok, too_many_connections, Postmaster::up},
      {"slots exhausted, session lost", Process::alive, "ready", closed, too_many_connections, Postmaster::up},
      {"login refused", Process::alive, "ready", authentication_failed, authentication_failed, Postmaster::up},
      {"backend crash", Process::alive, "ready", closed, Answer::starting, Postmaster::starting},
      {"session just ended", Process::alive, "ready", closed, closed, Postmaster::up},
      {"starts, does not listen yet", Process::alive, "starting", refused, refused, Postmaster::starting},
      {"shuts down by its own word", Process::alive, "stopping", ok, ok, Postmaster::stopping},
      {"shuts down by its answer", Process::alive, "ready", closed, Answer::stopping, Postmaster::stopping},
      {"new connections hang", Process::alive, "ready", ok, timed_out, Postmaster::hung},
      {"everything hangs", Process::alive, "ready", timed_out, timed_out, Postmaster::hung},
      {"does not listen where we ask", Process::alive, "ready", refused, refused, Postmaster::up},
      {"cannot look, but it answers", Process::unknown, "", ok, ok, Postmaster::up},
      {"cannot look, and nothing listens", Process::unknown, "", refused, refused, Postmaster::absent},
      {"cannot look, and it hangs", Process::unknown, "", timed_out, timed_out, Postmaster::hung},
      {"cannot look, and the network says no", Process::unknown, "", unreachable, unreachable, Postmaster::unknown},
      {"nothing known at all", Process::unknown, "", none_yet, none_yet, Postmaster::unknown},
  };
  for (const auto& c : cases) {
    Scene w;
    w.board.postmaster.process = c.process;
    w.board.postmaster.status = c.status;
    w.board.server.session.answer = c.session;
    w.board.server.fresh.answer = c.fresh;
    w.board.server.session.ended = w.now;
    w.board.server.fresh.ended = w.now + 1ms;
    w.board.server.fresh.silent_since = c.fresh == timed_out ? std::optional(w.now) : std::nullopt;
    EXPECT_EQ(postmaster_state(w.board, {w.now + 5s, {}}, policy), c.expected) << c.what;
  }
}

TEST(PostmasterState, IsOrphansWhenServerProcessesOutliveTheirPostmasterAndAbsentWhenThatCannotBeSeen) {
  Scene w;
  w.board.postmaster.process = Process::absent;
  for (const auto& [survivors, expected] :
       {std::pair{0, Postmaster::absent}, {1, Postmaster::orphans}, {-1, Postmaster::absent}}) {
    w.board.postmaster.survivors = survivors;
    EXPECT_EQ(postmaster_state(w.board, w.horizon(), policy), expected);
  }
}

// --- hang_of

TEST(Hang, GrowsWithTheAttemptsThatEndedUnanswered) {
  Scene w;
  const Instant begin = w.now;
  EXPECT_EQ(hang_of(w.board, w.horizon(), policy), Hang::no);
  w.board.server.fresh.silent_since = begin;
  for (const auto& [after, expected] : {std::pair{1000ms, Hang::brief},
                                        {1999ms, Hang::brief},
                                        {2000ms, Hang::withdraw},
                                        {3999ms, Hang::withdraw},
                                        {4000ms, Hang::stop}}) {
    w.board.server.fresh.ended = begin + after;
    EXPECT_EQ(hang_of(w.board, {begin + after, {}}, policy), expected) << after.count();
  }
}

TEST(Hang, IsNotProvenByTimeInWhichTheAgentAskedNothing) {
  Scene w;
  w.board.server.fresh.silent_since = w.now;
  w.board.server.fresh.ended = w.now + 1s;
  EXPECT_EQ(hang_of(w.board, {w.now + 3600s, {}}, policy), Hang::brief);
}

TEST(Hang, BeginsAnewAfterAGap) {
  Scene w;
  w.board.server.fresh.silent_since = w.now - 60s;
  w.board.server.fresh.ended = w.now + 1s;
  EXPECT_EQ(hang_of(w.board, {w.now + 1s, w.now}, policy), Hang::brief);
}

// --- reach

TEST(Reach, IsFreshThenSuspectThenLostByTheNewestAnswersThatMakeAMajority) {
  Scene w(5);  // two of four peers are needed
  w.says(2, Says::silent), w.says(3, Says::silent), w.says(4, Says::silent);
  const Instant last = w.now;
  for (const auto& [after, expected] : {std::pair{1500ms, Majority::fresh},
                                        {1501ms, Majority::suspect},
                                        {4000ms, Majority::suspect},
                                        {4001ms, Majority::lost}}) {
    w.peer(5).server.session.answered_asked = last + after;
    EXPECT_EQ(view_cluster(w.board, {last + after, {}}, policy).reach, expected) << after.count();
  }
}

TEST(Reach, CountsEveryAnswerOfPostgresqlAndNothingElse) {
  for (const auto& [says, expected] : {std::pair{Says::ok, Majority::fresh},
                                       {Says::full, Majority::fresh},
                                       {Says::locked_out, Majority::fresh},
                                       {Says::starting, Majority::fresh},
                                       {Says::stopping, Majority::fresh},
                                       {Says::frozen, Majority::fresh},  // its open session goes on
                                       {Says::refused, Majority::lost},
                                       {Says::unreachable, Majority::lost},
                                       {Says::silent, Majority::lost}}) {
    Scene w;
    w.says(2, says), w.says(3, Says::silent);
    w.run(6s);
    EXPECT_EQ(w.view().reach, expected) << static_cast<int>(says);
  }
}

TEST(Reach, CountsFromWhenTheAnsweredQuestionWasAsked) {
  Scene w;
  w.peer(2).server.session.answered_asked = w.now - 1501ms;
  w.peer(2).server.session.ended = w.now;  // it took that long
  w.peer(2).server.fresh.answered_asked.reset();
  w.peer(3).server = {};
  EXPECT_EQ(w.view().reach, Majority::suspect);
}

TEST(Reach, IsSuspectUntilAnAnswerCameSinceTheAgentBegan) {
  Watcher w;
  EXPECT_EQ(view_cluster(w.board, {w.now, {}}, policy).reach, Majority::suspect);
  EXPECT_EQ(view_cluster(w.board, {w.now + 4000ms, {}}, policy).reach, Majority::suspect);
  EXPECT_EQ(view_cluster(w.board, {w.now + 4001ms, {}}, policy).reach, Majority::lost);
  w.tick();
  EXPECT_EQ(w.signals.majority, Majority::fresh);
}

TEST(Reach, AgesFromTheEndOfAGapAndForgetsTheAnswersBeforeIt) {
  Scene w;
  const Instant woke = w.now + 60s;
  EXPECT_EQ(view_cluster(w.board, {woke, woke}, policy).reach, Majority::suspect);
  EXPECT_EQ(view_cluster(w.board, {woke + 4000ms, woke}, policy).reach, Majority::suspect);
  EXPECT_EQ(view_cluster(w.board, {woke + 4001ms, woke}, policy).reach, Majority::lost);
}

TEST(Reach, IsLostAsLongAsNobodyKnowsTheNodes) {
  Scene w;
  w.board.nodes_known = false;
  EXPECT_EQ(w.view().reach, Majority::lost);
}

TEST(Reach, OfOneNodeIsAlwaysFresh) {
  Scene w(1);
  EXPECT_EQ(w.view().reach, Majority::fresh);
}

TEST(Reach, OfTwoNodesTakesTheRefusalOfTheOthersHostForAnAnswer) {
  Scene w(2);
  w.says(2, Says::refused);
  w.run(10s);
  EXPECT_EQ(w.view().reach, Majority::fresh);
  w.says(2, Says::unreachable);
  w.run(10s);
  EXPECT_EQ(w.view().reach, Majority::lost);
}

TEST(Reach, CountsAWitness) {
  Scene w;
  w.peer(3).node.type = Node::Type::witness;
  w.says(2, Says::silent);
  w.run(10s);
  EXPECT_EQ(w.view().reach, Majority::fresh);
}

// --- foreign

TEST(Foreign, IsDataThatAMajorityOfTheOthersDoesNotShare) {
  Scene w;
  EXPECT_FALSE(w.view().foreign);
  w.seen(1).system_identifier = 42;
  EXPECT_TRUE(w.view().foreign);
  w.seen(3).system_identifier = 0;  // hidden: one is no majority
  EXPECT_FALSE(w.view().foreign);
  w.seen(3).system_identifier = 43;  // nor are two that differ
  EXPECT_FALSE(w.view().foreign);
}

TEST(Foreign, IsSeenOnTheDiskOfAServerThatDoesNotRun) {
  Scene w;
  w.board.server = {};
  w.board.disk.system_identifier = 42;
  EXPECT_TRUE(w.view().foreign);
  w.board.disk.known = false;
  EXPECT_FALSE(w.view().foreign);
}

TEST(Witness, IsOneByTheListUnlessAnotherNodeHasTheSameData) {
  Scene w;
  EXPECT_EQ(witness_of(w.board), IsWitness::no);
  w.board.self_is_witness = true;
  EXPECT_EQ(witness_of(w.board), IsWitness::no) << "a row that somebody edited";
  w.facts(1).system_identifier = 42;
  w.tick();
  EXPECT_EQ(witness_of(w.board), IsWitness::yes);
  w.board.server = {};
  w.board.disk = {};
  EXPECT_EQ(witness_of(w.board), IsWitness::unproved) << "its server is down, and its disk has not been read";
  w.board.disk.known = true;
  w.board.disk.system_identifier = 42;
  EXPECT_EQ(witness_of(w.board), IsWitness::yes);
  w.board.disk.system_identifier = w.facts(2).system_identifier;
  EXPECT_EQ(witness_of(w.board), IsWitness::no) << "its server is down, and its disk has the cluster's data";
}

TEST(Witness, OfRepmgrsIsNoneBeforeAnotherNodeHasToldWhoseDataItHas) {
  Scene w;
  w.board.self_is_witness = true;
  w.facts(1).system_identifier = 42;
  w.tick();
  const uint64_t cluster = std::exchange(w.seen(2).system_identifier, 0);
  EXPECT_EQ(witness_of(w.board), IsWitness::yes) << "one that tells is enough";
  w.peer(3).node.type = Node::Type::witness;
  EXPECT_EQ(witness_of(w.board), IsWitness::unproved) << "another witness has other data than anybody";
  w.peer(3).server = {};
  EXPECT_EQ(witness_of(w.board), IsWitness::unproved);
  w.seen(2).system_identifier = cluster;
  w.says(2, Says::silent);
  w.run(60s);
  EXPECT_EQ(witness_of(w.board), IsWitness::yes) << "who was heard once is remembered";
}

TEST(Witness, IsNoStandby) {
  Scene w(3, 2);
  w.board.self_is_witness = true;
  for (int peer : {2, 3}) w.peer(peer).server = {};
  EXPECT_EQ(witness_of(w.board), IsWitness::no);
}

TEST(Witness, WithoutAServerIsOne) {
  EXPECT_EQ(witness_of(Board{}), IsWitness::no);
  Board board = board_of_a_witness(3, Instant{});
  EXPECT_EQ(witness_of(board), IsWitness::yes);
  board.lease.emplace();
  const Step step = decide({}, board, Instant{Millis{60'000}}, Policy{});
  EXPECT_EQ(step.verdict.rule, Rule::W);
  EXPECT_EQ(step.verdict.alarms, std::vector<std::string>{}) << "nothing of what it has not is missed";
}

TEST(Foreign, IsNotJudgedByAWitnessWhichHasDataOfItsOwn) {
  Scene w;
  w.seen(3).system_identifier = w.seen(2).system_identifier = 42;
  EXPECT_TRUE(w.view().foreign);
  w.peer(3).node.type = Node::Type::witness;
  EXPECT_FALSE(w.view().foreign);
}

}  // namespace
}  // namespace picket
