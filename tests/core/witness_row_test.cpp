// Rows of repmgr.nodes that somebody edited, and what cannot be told from them.

#include <gmock/gmock.h>

#include "core/leased.hpp"

namespace picket {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(PrimaryCalledAWitness, IsStoppedWhenItsLeaseEndsThoughItsAgentHasHeardNobodySinceItStarted) {
  Leased w;
  w.board.self_is_witness = true;
  w.look(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R1) << "the others have told that they have the same data";
  w.says(2, Says::silent), w.says(3, Says::silent);
  w.restart_agent();
  w.look(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R1) << line_of(w.verdict);
  w.look(5s, false);
  EXPECT_EQ(w.verdict.rule, Rule::R4) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.action, Action::stop_now);
}

/// repmgr's witness, whose server is a primary with data of its own.
void make_witness(Watcher& w) {
  w.board.self_is_witness = true;
  w.facts(1).system_identifier = w.board.disk.system_identifier = 42;
  w.facts(1).followers.clear();
  w.memory = {};
}

TEST(RepmgrsWitness, ThatHasHeardNobodyIsNoPrimaryThoughAMajorityWouldMakeItOne) {
  Leased w;
  make_witness(w);
  w.restart_agent();
  w.board.lease->had = false;
  for (const Says how : {Says::silent, Says::locked_out, Says::starting}) {
    w.says(2, how), w.says(3, how);
    w.look(5s);  // as if its lease were valid
    EXPECT_EQ(verdict_of(w), "R6 down idle") << line_of(w.verdict);
    EXPECT_EQ(w.verdict.action, Action::none);
    EXPECT_EQ(w.verdict.vrrp, Vrrp::lower);
    EXPECT_THAT(w.verdict.sentence, HasSubstr("says that this node is the witness"));
    w.look(10s, false);
    EXPECT_EQ(verdict_of(w), "R6 down idle") << line_of(w.verdict);
    EXPECT_EQ(w.verdict.action, Action::none);
  }
  w.says(2, Says::ok);
  w.look(500ms, false);
  EXPECT_EQ(w.verdict.rule, Rule::W);
}

TEST(RepmgrsWitness, IsNotStoppedForAPrimaryThatHidesItsSystemIdentifier) {
  Watcher w(3);
  make_witness(w);
  w.become_primary(2, 1), w.follow(3, 2);
  for (int peer : {2, 3}) w.facts(peer).system_identifier = 0;
  w.run(30s);
  EXPECT_EQ(w.verdict.rule, Rule::R3c) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.action, Action::none);
}

TEST(RepmgrsWitness, OfOneServerThatRefusesIsNotRaised) {
  Watcher w(2);
  make_witness(w);
  w.says(2, Says::refused);
  w.run(10s);
  EXPECT_EQ(w.verdict.rule, Rule::R6) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.vrrp, Vrrp::lower);
}

TEST(Wishes, OfAWitnessAreNone) {
  Leased w;
  w.board.self_is_witness = true;
  w.facts(1).system_identifier = 42;
  w.look(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::W) << line_of(w.verdict);
  EXPECT_EQ(w.verdict.lease, Wish::idle);
}

}  // namespace
}  // namespace picket
