#include "report/words.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {

TEST(LsnText, IsWhatPostgresqlPrints) {
  EXPECT_EQ(lsn_text(0), "0/0");
  EXPECT_EQ(lsn_text(0x3000060), "0/3000060");
  EXPECT_EQ(lsn_text(0x16'B374D848), "16/B374D848");
  EXPECT_EQ(lsn_text(~Lsn{0}), "FFFFFFFF/FFFFFFFF");
}

TEST(Words, NameWhatTheyStandFor) {
  EXPECT_EQ(word(Level::observe), "observe");
  EXPECT_EQ(word(Level::guard), "guard");
  EXPECT_EQ(word(Node::Type::witness), "witness");
  EXPECT_EQ(word(PostmasterFacts::Process::absent), "absent");
  EXPECT_EQ(word(AddressFacts::State::not_configured), "not configured");
  EXPECT_EQ(word(KeepalivedFacts::State::dead), "dead");
  EXPECT_EQ(word(MarkerFacts::State::malformed), "malformed");
}

TEST(PrimariesText, NamesEveryPrimaryWithItsPosition) {
  Board board;
  board.self_name = "pg1";
  EXPECT_EQ(primaries_text(board), "");
  board.server.facts = ServerFacts{};
  board.server.facts->role = Role::primary;
  board.server.facts->timeline = 2;
  board.server.facts->lsn = 0x3000060;
  board.server.session.answer = Answer::ok;
  board.peers.resize(4);
  for (Peer& peer : board.peers) peer.server = board.server;
  board.peers[0].node.name = "pg2";
  board.peers[0].server.facts->role = Role::standby;
  board.peers[1].node.name = "pg3";
  board.peers[1].server.facts->lsn = 0x3000148;
  board.peers[2].node.type = Node::Type::witness;
  board.peers[3].server.session.answer = Answer::timed_out;  // gone, and what it said last is history
  EXPECT_EQ(primaries_text(board), "pg1 (this node) on timeline 2 at 0/3000060; pg3 on timeline 2 at 0/3000148");
  // A row that somebody edited: repmgr's witness would have other data.
  board.peers[2].node.name = "pg4";
  board.disk.system_identifier = board.peers[2].server.facts->system_identifier = 42;
  EXPECT_THAT(primaries_text(board), testing::EndsWith("; pg4 on timeline 2 at 0/3000060"));
}

}  // namespace
}  // namespace picket
