// From what the disk holds and the others say to the start gate's answer.

#include <gmock/gmock.h>

#include "core/start_gate.hpp"

namespace picket {
namespace {
using testing::HasSubstr;

constexpr uint64_t system_id = 7001;

/// Three nodes; this one, pg1, is about to start as a primary on timeline 1. pg2 and pg3 have not been asked.
struct Scene {
  Scene() {
    board.self_id = 1;
    board.self_name = board.self_host = "pg1";
    board.nodes_known = true;
    board.marker.state = MarkerFacts::State::none;
    board.disk = {.known = true, .system_identifier = system_id, .checkpoint_timeline = 1};
    for (int id : {2, 3}) add(id);
  }
  void add(int id, Node::Type type = Node::Type::standby) {
    Peer peer;
    peer.node.id = id;
    peer.node.name = peer.node.host = "pg" + std::to_string(id);
    peer.node.type = type;
    board.peers.push_back(peer);
  }
  Peer& peer(int id) { return board.peers[static_cast<size_t>(id) - 2]; }
  ServerFacts& says(int id, Role role, uint32_t timeline) {
    ServerView& server = peer(id).server;
    server.facts = ServerFacts{.role = role, .timeline = timeline, .system_identifier = system_id, .lsn = 100};
    server.facts_asked = now;
    server.session = {.answer = Answer::ok, .asked = now, .ended = now, .answered_asked = now};
    return *server.facts;
  }
  void follows(int id, int upstream, uint32_t timeline) {
    says(id, Role::standby, timeline).receiver = Receiver{.status = "streaming",
                                                          .sender_host = "pg" + std::to_string(upstream),
                                                          .sender_port = 5432,
                                                          .timeline = timeline};
  }
  void fails(int id, Answer answer) { peer(id).server.session = {.answer = answer, .asked = now, .ended = now}; }
  GateAnswer ask(bool expired = false, Millis after = Millis{100}) {
    return start_gate(board, {.now = now, .valid_from = now - after}, policy, expired);
  }
  Board board;
  Policy policy;
  Instant now{Millis{100'000}};
};

void expect(const GateAnswer& answer, GateRow row, Admission admission, bool stale = false) {
  EXPECT_EQ(word(answer.row), word(row)) << answer.sentence;
  EXPECT_EQ(word(answer.admission), word(admission)) << answer.sentence;
  EXPECT_EQ(answer.stale, stale) << answer.sentence;
}

TEST(StartGateFacts, AnOldPrimaryIsStaleWhenAMajorityFollowsAnother) {
  Scene t;
  t.says(2, Role::primary, 2);
  t.follows(3, 2, 2);
  const auto answer = t.ask();
  expect(answer, GateRow::B4, Admission::refuse, true);
  EXPECT_THAT(answer.sentence, HasSubstr("pg2 is primary on timeline 2 and is followed by pg3"));
}

TEST(StartGateFacts, AnOldPrimaryIsStaleWhenTheOnlyOneLeftIsOnANewerTimeline) {
  Scene t;
  t.follows(3, 2, 2);
  expect(t.ask(), GateRow::B4, Admission::wait);  // pg2 may answer for itself yet
  t.fails(2, Answer::timed_out);
  expect(t.ask(false, Millis{2000}), GateRow::B4, Admission::refuse, true);
  t.peer(3).server.facts->receiver.reset();  // the new primary died too
  const auto answer = t.ask(false, Millis{2000});
  expect(answer, GateRow::B4, Admission::refuse, true);
  EXPECT_THAT(answer.sentence, HasSubstr("pg3 is a standby on timeline 2"));
}

TEST(StartGateFacts, APrimaryWithoutFollowersIsWaitedForAndThenRefusesWithoutAMarker) {
  Scene t;
  t.says(2, Role::primary, 2);
  t.says(3, Role::standby, 1);
  expect(t.ask(), GateRow::B4, Admission::wait);
  expect(t.ask(true), GateRow::B4, Admission::refuse);
}

TEST(StartGateFacts, OneStandbyOnANewerTimelineIsNoProofWhileAMajorityIsOnOurs) {
  Scene t;
  t.says(2, Role::standby, 2);
  t.says(3, Role::standby, 1);
  expect(t.ask(), GateRow::B4, Admission::wait);
  expect(t.ask(true), GateRow::B4, Admission::refuse);
}

TEST(StartGateFacts, AStandbyOnANewerTimelineCountsWhateverItsRowSays) {
  Scene t;
  t.fails(2, Answer::refused);
  t.says(3, Role::standby, 2);
  t.peer(3).node.type = Node::Type::witness;
  expect(t.ask(), GateRow::B4, Admission::refuse, true);
}

TEST(StartGateFacts, ThePrimaryOfAClusterThatWaitsForItStarts) {
  Scene t;
  t.says(2, Role::standby, 1);
  expect(t.ask(), GateRow::B5, Admission::wait);  // pg3 may be the primary
  t.says(3, Role::standby, 1);
  expect(t.ask(), GateRow::B3, Admission::allow);
}

TEST(StartGateFacts, ASilentNodeIsGivenTimeAndARefusingOneIsNot) {
  Scene t;
  t.says(2, Role::standby, 1);
  t.fails(3, Answer::timed_out);
  expect(t.ask(), GateRow::B5, Admission::wait);
  expect(t.ask(false, Millis{2000}), GateRow::B3, Admission::allow);
  t.fails(3, Answer::refused);
  expect(t.ask(), GateRow::B3, Admission::allow);
}

TEST(StartGateFacts, APromotedPrimaryThatCrashedBeforeItsCheckpointIsNotStale) {
  Scene t;
  t.board.disk.recovery_timeline = 2;  // the checkpoint is on timeline 1 still
  t.says(2, Role::standby, 2);
  t.says(3, Role::standby, 2);
  expect(t.ask(), GateRow::B3, Admission::allow);
}

TEST(StartGateFacts, NobodyStartsWithoutAMajority) {
  Scene t;
  t.fails(2, Answer::unreachable);
  t.fails(3, Answer::timed_out);
  expect(t.ask(false, Millis{5000}), GateRow::B5, Admission::wait);
  const auto answer = t.ask(true);
  expect(answer, GateRow::B5, Admission::refuse);
  EXPECT_THAT(answer.sentence, HasSubstr("asked 2 nodes for their role, none answered"));
  for (int id : {2, 3}) {
    t.fails(id, Answer::too_many_connections);
    t.peer(id).server.session.answered_asked = t.now;
  }
  expect(t.ask(true), GateRow::B5, Admission::refuse);  // alive, and may be anything
}

TEST(StartGateFacts, OldNewsDoesNotCount) {
  Scene t;
  t.says(2, Role::standby, 1);
  t.says(3, Role::standby, 1);
  t.now += Millis{5000};
  expect(t.ask(true, Millis{9000}), GateRow::B5, Admission::refuse);
}

TEST(StartGateFacts, OfTwoNodesOneStartsAloneUnlessTheOtherIsAPrimary) {
  Scene t;
  t.board.peers.pop_back();
  t.fails(2, Answer::timed_out);
  expect(t.ask(), GateRow::B5, Admission::wait);
  expect(t.ask(false, Millis{2000}), GateRow::B8, Admission::allow);
  t.says(2, Role::standby, 1);
  expect(t.ask(), GateRow::B3, Admission::allow);
  t.says(2, Role::primary, 2);
  expect(t.ask(), GateRow::B4, Admission::wait);
  expect(t.ask(true), GateRow::B4, Admission::refuse);
}

TEST(StartGateFacts, TheDataOfAnotherClusterIsRefused) {
  Scene t;
  t.says(2, Role::primary, 1).system_identifier = 9;
  t.says(3, Role::standby, 1).system_identifier = 9;
  expect(t.ask(), GateRow::B7, Admission::refuse);
}

TEST(StartGateFacts, ABackupAndABrokenDirectoryAreRefusedAtOnce) {
  Scene t;
  t.board.disk.backup_label = true;
  expect(t.ask(), GateRow::B7, Admission::refuse);
  t.board.disk.standby_signal = true;
  expect(t.ask(), GateRow::B2, Admission::allow);
  t.board.disk = {.known = false, .why_unknown = "pg_control: the checksum does not match"};
  const auto answer = t.ask();
  expect(answer, GateRow::B7, Admission::refuse);
  EXPECT_THAT(answer.sentence, HasSubstr("checksum"));
}

TEST(StartGateFacts, AFencedNodeIsRefusedAtOnceAndStartsAsAStandby) {
  Scene t;
  t.board.marker = {.state = MarkerFacts::State::fenced, .reasons = {"stale"}, .sentence = "pg2 is primary"};
  const auto answer = t.ask();
  expect(answer, GateRow::B1, Admission::refuse);
  EXPECT_THAT(answer.sentence, HasSubstr("pg2 is primary"));
  t.board.marker = {.state = MarkerFacts::State::malformed, .why = "no JSON"};
  expect(t.ask(), GateRow::B1, Admission::refuse);
  t.board.disk.standby_signal = true;
  expect(t.ask(), GateRow::B2, Admission::allow);
}

TEST(StartGateFacts, AFenceForIsolationWaitsForTheAgentToLiftIt) {
  Scene t;
  t.board.marker = {.state = MarkerFacts::State::fenced, .reasons = {"isolated"}, .timeline = 1};
  t.says(2, Role::standby, 1);
  t.says(3, Role::standby, 1);
  expect(t.ask(), GateRow::B1, Admission::wait);
  t.board.marker = {.state = MarkerFacts::State::none};
  expect(t.ask(), GateRow::B3, Admission::allow);
}

TEST(StartGateFacts, ANodeOnWhichPicketNeverRanStartsAndOneThatForgotDoesNot) {
  Scene t;
  t.board.peers.clear();
  t.board.nodes_known = false;
  expect(t.ask(), GateRow::B6, Admission::allow);
  t.board.nodes_lost = true;
  expect(t.ask(), GateRow::B6, Admission::refuse);
}

TEST(StartGateFacts, OneOfTwoServersStartsAloneOnlyWhereThereIsNoThirdVoter) {
  Scene t;
  t.board.peers.pop_back();
  t.fails(2, Answer::refused);
  expect(t.ask(true), GateRow::B8, Admission::allow);
  t.policy.level = Level::lease;
  expect(t.ask(true), GateRow::B5, Admission::refuse);
  t.says(2, Role::standby, 1);
  expect(t.ask(true), GateRow::B3, Admission::allow);
}

TEST(StartGateFacts, TheWitnessStartsWhoeverIsPrimaryWhenNobodyHasItsData) {
  Scene t;
  t.board.self_is_witness = true;
  t.board.disk.system_identifier = 9;
  t.says(2, Role::primary, 1);
  const auto waiting = t.ask();
  expect(waiting, GateRow::B8, Admission::wait);
  EXPECT_THAT(waiting.sentence, HasSubstr("not every other node was heard yet"));
  t.follows(3, 2, 1);
  expect(t.ask(), GateRow::B8, Admission::allow);
}

TEST(StartGateFacts, TheWitnessStartsAlone) {
  Scene t;
  t.board.self_is_witness = true;
  for (int id : {2, 3}) t.fails(id, Answer::timed_out);
  expect(t.ask(), GateRow::B8, Admission::wait);
  expect(t.ask(false, Millis{2000}), GateRow::B8, Admission::allow);
}

TEST(StartGateFacts, AnOldPrimaryWhoseRowSaysWitnessIsStaleAllTheSame) {
  Scene t;
  t.board.self_is_witness = true;
  t.says(2, Role::primary, 2);
  t.follows(3, 2, 2);
  expect(t.ask(), GateRow::B4, Admission::refuse, true);
  // One that tells is enough: then it is a node like the others, and waits for a majority.
  t.fails(2, Answer::timed_out);
  t.says(3, Role::standby, 1);
  expect(t.ask(), GateRow::B5, Admission::wait);
  t.fails(3, Answer::timed_out);
  t.board.marker = {.state = MarkerFacts::State::fenced, .reasons = {"stale"}, .sentence = "pg2 is primary"};
  expect(t.ask(true), GateRow::B1, Admission::refuse);
  t.board.marker.reasons = {"isolated"};
  expect(t.ask(true), GateRow::B1, Admission::refuse);
}

}  // namespace
}  // namespace picket
