// The start gate's table, asked about every combination of its inputs; and the reduction from facts to them.

#include "core/start_gate.hpp"

#include <gmock/gmock.h>

#include <set>

namespace picket {
namespace {
using testing::HasSubstr;
using Disk = GateSignals::Disk;
using Nodes = GateSignals::Nodes;
using Evidence = GateSignals::Evidence;
using Voices = GateSignals::Voices;

template <typename Visit>
void for_all(const Visit& visit) {
  GateSignals s;
  for (int disk = 0; disk < 4; ++disk)
    for (int marker = 0; marker < 4; ++marker)
      for (int nodes = 0; nodes < 6; ++nodes)
        for (int evidence = 0; evidence < 3; ++evidence)
          for (int voices = 0; voices < 3; ++voices)
            for (int bits = 0; bits < 8; ++bits) {
              s.disk = static_cast<Disk>(disk);
              s.marker = static_cast<MarkerState>(marker);
              s.nodes = static_cast<Nodes>(nodes);
              s.evidence = static_cast<Evidence>(evidence);
              s.voices = static_cast<Voices>(voices);
              s.foreign = (bits & 1) != 0;
              s.all_heard = (bits & 2) != 0;
              s.expired = (bits & 4) != 0;
              visit(s, match_gate(s));
            }
}

bool allows(const GateRuling& r) { return r.admission == Admission::allow; }
bool is_primary_like(const GateSignals& s) { return s.disk == Disk::primary || s.disk == Disk::restored; }
bool has_others(const GateSignals& s) { return s.nodes == Nodes::pair || s.nodes == Nodes::many; }

TEST(StartGate, LetsAStandbyPassAtOnceWhateverElseIsKnown) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk == Disk::standby) {
      EXPECT_TRUE(allows(r) && r.row == GateRow::B2);
    }
  });
}

TEST(StartGate, NeverLetsAPrimaryPassThatIsFencedOrStaleOrForeign) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (!is_primary_like(s) || s.nodes == Nodes::witness) return;
    if (s.marker != MarkerState::none) {
      EXPECT_FALSE(allows(r));
    }
    if (has_others(s) && (s.evidence != Evidence::none || s.foreign)) {
      EXPECT_FALSE(allows(r));
    }
  });
}

TEST(StartGate, LetsAPrimaryOfThreePassOnlyWhenAMajorityTellsAndEverybodyWasHeard) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (!is_primary_like(s) || s.nodes != Nodes::many || !allows(r)) return;
    EXPECT_TRUE(r.row == GateRow::B3 && s.disk == Disk::primary && s.voices == Voices::tell);
    EXPECT_TRUE(s.all_heard || s.expired);
  });
}

TEST(StartGate, NeverLetsPassWhatCannotBeRead) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk == Disk::unreadable || (s.nodes == Nodes::lost && s.disk != Disk::standby)) {
      EXPECT_FALSE(allows(r));
    }
  });
}

TEST(StartGate, NeverLetsABackupBecomeAPrimaryOnARegisteredNode) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk == Disk::restored && (has_others(s) || s.nodes == Nodes::alone)) {
      EXPECT_FALSE(allows(r));
    }
  });
}

TEST(StartGate, LeavesAMarkerOnAProofAndOnNothingElse) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (r.stale) {
      EXPECT_TRUE(r.admission == Admission::refuse && r.row == GateRow::B4 && s.evidence == Evidence::proof);
    }
    if (r.admission == Admission::refuse && r.row == GateRow::B4 && s.evidence == Evidence::proof) {
      EXPECT_TRUE(r.stale);
    }
  });
}

TEST(StartGate, NeverWaitsOnceItsTimeIsUpAndNeverForWhatNoTimeCanChange) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (r.admission != Admission::wait) return;
    EXPECT_FALSE(s.expired);
    EXPECT_TRUE(s.disk == Disk::primary && has_others(s) && !s.foreign);
    if (s.evidence == Evidence::proof) {
      EXPECT_FALSE(s.all_heard);
    }
  });
}

TEST(StartGate, StartsWhereRefusingWouldOnlyBeAnOutage) {
  for_all([](const GateSignals& s, const GateRuling& r) {
    if (s.disk != Disk::primary || s.marker != MarkerState::none) return;
    if (s.nodes == Nodes::never_read || s.nodes == Nodes::alone) {
      EXPECT_TRUE(allows(r));
    }
    const bool unchallenged = s.evidence == Evidence::none && !s.foreign && (s.all_heard || s.expired);
    if (s.nodes == Nodes::pair && s.voices == Voices::silent && unchallenged) {
      EXPECT_TRUE(allows(r));
    }
    if (has_others(s) && s.voices == Voices::tell && unchallenged) {
      EXPECT_TRUE(allows(r));
    }
  });
}

TEST(StartGate, HasNoRowThatCannotBeReached) {
  std::set<GateRow> rows;
  for_all([&](const GateSignals&, const GateRuling& r) { rows.insert(r.row); });
  EXPECT_EQ(rows.size(), 8U);
}

// ---- from facts to the alphabet ----

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
    return start_gate(board, {.now = now, .valid_from = now - after}, Policy{}, expired);
  }
  Board board;
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

TEST(StartGateFacts, TheWitnessIsNotGated) {
  Scene t;
  t.board.self_is_witness = true;
  t.says(2, Role::primary, 1);
  t.follows(3, 2, 1);
  expect(t.ask(), GateRow::B8, Admission::allow);
}

}  // namespace
}  // namespace picket
