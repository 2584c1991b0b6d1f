#pragma once
// What the decision table may never do, and what it must do: one claim each, to be asked of every combination of its
// inputs (table_test.cpp).

#include <tuple>

#include "core/lease_view.hpp"
#include "core/table.hpp"

namespace picket::test {

/// One question to the table, and its answer.
struct Moment {
  Signals s;
  State m;
  Ruling row{Rule::R16, Advert::down, Vrrp::lower};
  State next;
  ClientGate gate = ClientGate::closed;  // when the lease is wanted

  bool runs() const {
    return s.postmaster == Postmaster::up || s.postmaster == Postmaster::hung || s.postmaster == Postmaster::stopping;
  }
  bool is_primary() const { return runs() && s.sight != Sight::none && s.role == Role::primary; }
  bool is_standby() const { return runs() && just_seen() && s.role == Role::standby; }
  bool just_seen() const { return s.sight == Sight::fresh || s.sight == Sight::cached; }
  bool trusted() const {
    return m.held && !m.suspended && s.majority != Majority::asking && s.majority != Majority::lapsed;
  }
  bool marked() const { return s.marker == MarkerState::isolated || s.marker == MarkerState::fenced; }
  bool blind() const { return s.foreign || s.gap; }  // R0 and R0b come before everything
  bool stops() const { return row.action == Action::stop_fast || row.action == Action::stop_now; }
  bool isolated() const {
    return (m.held && s.majority == Majority::lost && !s.small_cluster) || s.majority == Majority::lapsed;
  }
  bool hung() const { return m.held && s.postmaster == Postmaster::hung && s.hang == Hang::stop; }
  /// A confirmed primary, by somebody else's hand.
  bool is_shut_down() const {
    return is(Rule::R10) && s.postmaster == Postmaster::stopping && is_primary() && next.held && !next.suspended;
  }
  bool unreached() const { return m.held && s.unreached; }
  bool is(Rule rule) const { return row.rule == rule; }
};

inline bool implies(bool condition, bool consequence) { return !condition || consequence; }

template <typename Holds>
struct Claim {
  const char* text;
  Holds holds;
};
template <typename Holds>
Claim(const char*, Holds) -> Claim<Holds>;

inline constexpr std::tuple claims{
    // What it may advertise.
    Claim{"only R1 makes a primary; R5, R7a, R14 and R4b keep one that was trusted and seen a moment ago",
          [](const Moment& t) {
            const bool keeper = t.is(Rule::R5) || t.is(Rule::R7a) || t.is(Rule::R14) || t.is(Rule::R4b);
            const bool kept = keeper && t.m.advert == Advert::primary && t.trusted() && t.just_seen();
            return implies(t.row.advert == Advert::primary, t.is_primary() && (t.is(Rule::R1) || kept));
          }},
    Claim{"only R1 raises, and R1 always does",
          [](const Moment& t) { return (t.row.vrrp == Vrrp::raise) == t.is(Rule::R1); }},
    Claim{"R1 needs an answering majority and a role that was just read",
          [](const Moment& t) {
            return implies(t.is(Rule::R1), t.s.majority == Majority::fresh && t.s.sight == Sight::fresh &&
                                               t.s.postmaster == Postmaster::up && t.row.advert == Advert::primary);
          }},
    Claim{"a primary that is not trusted yet and has no majority behind it does not pass another that may be one",
          [](const Moment& t) {
            return implies(t.is(Rule::R1) && !t.trusted() && !t.s.own_support, t.s.rival == Rival::none);
          }},
    Claim{"nothing fenced, foreign or just woken is advertised as a primary, nor one with a proven rival",
          [](const Moment& t) {
            return implies(t.s.marker != MarkerState::none || t.blind() || t.s.rival >= Rival::proven,
                           t.row.advert != Advert::primary);
          }},
    Claim{"without a majority that confirms it nothing is a primary, but for a trusted one of two nodes",
          [](const Moment& t) {
            const bool two = t.s.small_cluster && t.s.majority == Majority::lost;
            return implies(t.row.advert == Advert::primary,
                           t.s.majority == Majority::fresh || t.s.majority == Majority::suspect || two);
          }},
    Claim{"reads are offered on a standby only, and on one that is too far behind never anew",
          [](const Moment& t) {
            return implies(t.row.advert == Advert::replica, t.is_standby() && (t.s.lag_ok || t.is(Rule::R14)));
          }},
    Claim{"a healthy trusted primary is R1, whatever else is remembered or seen",
          [](const Moment& t) {
            const bool healthy = t.is_primary() && t.s.sight == Sight::fresh && t.s.postmaster == Postmaster::up &&
                                 t.s.majority == Majority::fresh && t.s.marker == MarkerState::none && !t.blind() &&
                                 t.s.rival < Rival::proven && t.trusted() && !t.s.unreached;
            return implies(healthy, t.is(Rule::R1));
          }},
    // When it may act on PostgreSQL.
    Claim{"every stop is of a primary, has a proof and closes every gate",
          [](const Moment& t) {
            const bool proof = t.marked() || t.s.rival == Rival::confirmed || t.isolated() || t.hung() || t.unreached();
            return implies(t.stops(),
                           t.is_primary() && proof && t.row.advert == Advert::down && t.row.vrrp == Vrrp::fault);
          }},
    Claim{"a standby is never stopped",
          [](const Moment& t) { return implies(t.is_standby(), t.row.action == Action::none); }},
    Claim{"foreign data and a gap lead to no action and to no offer",
          [](const Moment& t) {
            return implies(t.blind(), t.row.action == Action::none && t.row.advert == Advert::down &&
                                          t.is(t.s.foreign ? Rule::R0 : Rule::R0b));
          }},
    Claim{"the rest is killed exactly when the postmaster is dead and its children are not",
          [](const Moment& t) {
            return (t.row.action == Action::kill_rest) == (!t.blind() && t.s.postmaster == Postmaster::orphans);
          }},
    Claim{
        "only B3 and R10c start what does not run: not fenced but for isolation, and what kept it stopped is over, or "
        "it crashed in place",
        [](const Moment& t) {
          return (t.row.action == Action::start) == (t.is(Rule::B3) || t.is(Rule::R10c)) &&
                 implies(t.row.action == Action::start, t.s.postmaster == Postmaster::absent) &&
                 implies(t.is(Rule::B3), t.s.marker <= MarkerState::isolated && t.s.restart == Restart::allowed) &&
                 implies(t.is(Rule::R10c), t.s.marker == MarkerState::none && t.s.restart == Restart::in_place);
        }},
    Claim{
        "the address waits for a server that is gone only where it was confirmed or crashed, and no rival shows itself",
        [](const Moment& t) {
          const bool gone = t.s.postmaster == Postmaster::absent || t.s.postmaster == Postmaster::orphans;
          const bool waits = (t.m.held || t.s.restart == Restart::in_place) && t.s.rival < Rival::claimed &&
                             t.s.marker == MarkerState::none;
          return implies(gone && !t.blind() && t.row.vrrp == Vrrp::hold, waits);
        }},
    Claim{"reason and rule agree",
          [](const Moment& t) {
            return (t.row.reason == FenceReason::stale) == t.is(Rule::R3) &&
                   (t.row.reason == FenceReason::isolated) == t.is(Rule::R4) &&
                   (t.row.reason == FenceReason::hung) == t.is(Rule::R7) &&
                   (t.row.reason == FenceReason::unreachable) == t.is(Rule::R11) &&
                   t.row.reason != FenceReason::operator_order &&
                   t.stops() ==
                       (t.is(Rule::R2) || t.is(Rule::R3) || t.is(Rule::R4) || t.is(Rule::R7) || t.is(Rule::R11));
          }},
    Claim{"it stops fast only for a standby that still listens, and then never harder than that for being stale, or "
          "for one that could take over",
          [](const Moment& t) {
            const bool goes_on = t.is(Rule::R2) && t.s.postmaster == Postmaster::stopping;
            const bool listens = t.s.followed && (t.s.rival == Rival::confirmed || goes_on);
            return implies(t.row.action == Action::stop_fast, listens || t.is(Rule::R11)) &&
                   implies(t.is(Rule::R3) && t.s.followed, t.row.action == Action::stop_fast);
          }},
    // When it must act: a missed fence loses data.
    Claim{"a stale primary is stopped, even while it shuts down or the marker cannot be read",
          [](const Moment& t) {
            return implies(t.is_primary() && t.s.rival == Rival::confirmed && !t.blind(), t.stops());
          }},
    Claim{"a fenced primary is stopped",
          [](const Moment& t) { return implies(t.is_primary() && t.marked() && !t.blind(), t.stops()); }},
    Claim{"an isolated primary is stopped, even while it shuts down or the marker cannot be read",
          [](const Moment& t) { return implies(t.is_primary() && t.isolated() && !t.blind(), t.stops()); }},
    Claim{"a hung primary is stopped, even when the marker cannot be read",
          [](const Moment& t) { return implies(t.is_primary() && t.hung() && !t.blind(), t.stops()); }},
    Claim{"an unreachable primary is stopped when it has nothing worse, in the way that flushes, and its own marker "
          "makes that no harder",
          [](const Moment& t) {
            const bool worse = t.s.rival == Rival::confirmed || t.isolated() || t.hung();
            return implies(t.is_primary() && t.unreached() && !t.blind(), t.stops() && t.is(Rule::R11) == !worse) &&
                   implies(t.is(Rule::R11), t.row.action == Action::stop_fast);
          }},
    Claim{"nobody is stopped for what the others do not reach but a confirmed primary",
          [](const Moment& t) { return implies(t.is(Rule::R11), t.is_primary() && t.unreached()); }},
    Claim{"a node that cannot serve gives the address up when another is the primary",
          [](const Moment& t) {
            return implies(
                t.s.rival >= Rival::proven && !t.runs() && t.s.postmaster != Postmaster::unknown && !t.blind(),
                t.row.vrrp == Vrrp::fault);
          }},
    // The client gate.
    Claim{"only R1 opens the client gate, and what keeps it open is offered still, or being shut down by somebody",
          [](const Moment& t) {
            return (t.gate == ClientGate::open) == t.is(Rule::R1) &&
                   implies(t.gate == ClientGate::keep, t.row.advert == Advert::primary || t.is_shut_down());
          }},
    Claim{"every stop, proof, fence and gap closes the client gate at once",
          [](const Moment& t) {
            const bool against = t.stops() || t.blind() || t.is(Rule::R3c) || t.is(Rule::R2h) || t.is(Rule::B3);
            return implies(against, t.gate == ClientGate::closed);
          }},
    Claim{"so does whatever takes the address away, but for a shutdown, whose clients are told by the server",
          [](const Moment& t) {
            return implies(t.row.vrrp == Vrrp::fault || t.row.vrrp == Vrrp::lower,
                           t.gate == ClientGate::closed || t.is_shut_down());
          }},
    Claim{"for a standby the client gate is neither opened nor kept open",
          [](const Moment& t) { return implies(t.is_standby(), t.gate <= ClientGate::leave); }},
    // What is remembered.
    Claim{"only R1 makes it held, and a running postmaster keeps it until it is a standby",
          [](const Moment& t) {
            return implies(t.next.held && !t.m.held, t.is(Rule::R1)) &&
                   implies(
                       t.m.held && (t.runs() || t.s.postmaster == Postmaster::starting) && t.s.role != Role::standby,
                       t.next.held);
          }},
    Claim{"a gap and a proven rival suspend, and only a look at a primary or a standby lifts that",
          [](const Moment& t) {
            const bool looked = t.is(Rule::R1) || t.is(Rule::R12) || t.is(Rule::R13);
            const bool suspends = t.s.gap || t.is(Rule::R3c);
            return t.next.advert == t.row.advert && t.next.suspended == (suspends || (t.m.suspended && !looked));
          }},
};

}  // namespace picket::test
