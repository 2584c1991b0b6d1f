// What the verdict says of the client gate (docs/safety.md): under whom it is open, and what closes it.

#include <gmock/gmock.h>

#include "core/leased.hpp"

namespace picket {
namespace {

using namespace std::chrono_literals;

TEST(ClientGate, IsOpenUnderAPrimaryWithALeaseAndClosedWithItsFence) {
  Leased w;
  EXPECT_EQ(w.verdict.client_gate, ClientGate::open);
  w.look(2s, false);
  EXPECT_EQ(w.verdict.rule, Rule::R5);
  EXPECT_EQ(w.verdict.client_gate, ClientGate::keep);
  w.look(2s, false);
  EXPECT_EQ(w.verdict.rule, Rule::R4);
  EXPECT_EQ(w.verdict.client_gate, ClientGate::closed);
}

TEST(ClientGate, IsClosedFirstOfAllByAnAgentThatWakes) {
  Leased w;
  w.sleep(2s);
  w.renew();
  w.tick();
  EXPECT_EQ(w.verdict.rule, Rule::R0b);
  EXPECT_EQ(w.verdict.client_gate, ClientGate::closed);
}

TEST(ClientGate, StaysForTheClientsOfAServerThatIsShutDownAndIsClosedBeforeTheLeaseIsGivenBack) {
  Leased w;
  w.board.postmaster.status = "stopping";
  w.look(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R10);
  EXPECT_EQ(w.verdict.client_gate, ClientGate::keep);
  w.local_dead();
  w.board.postmaster.left_pid_file = false;
  w.tick();
  EXPECT_EQ(w.verdict.vrrp, Vrrp::hold) << "at first sight of its end";
  EXPECT_EQ(w.verdict.lease, Wish::give_back);
  EXPECT_EQ(w.verdict.client_gate, ClientGate::closed);
}

TEST(ClientGate, IsLeftToRunOutByAnAgentThatHasJustStarted) {
  Leased w;
  w.restart_agent();
  w.says(2, Says::silent);
  w.board.lease->valid_until = Instant::min();
  w.tick(10ms);
  EXPECT_EQ(w.verdict.advert, Advert::down);
  EXPECT_EQ(w.verdict.client_gate, ClientGate::leave);
}

TEST(ClientGate, IsClosedWithoutALease) {
  Leased w;
  w.board.lease.reset();
  w.look(3s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  EXPECT_EQ(w.verdict.client_gate, ClientGate::closed);
}

}  // namespace
}  // namespace picket
