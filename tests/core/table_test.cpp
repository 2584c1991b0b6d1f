// The decision table, asked about every combination of its inputs: what it may never do, what it must do, and that no
// state is a trap. Not a sample: the whole space, so nothing that holds here has an exception.

#include "core/table.hpp"

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <iostream>
#include <set>
#include <tuple>

#include "core/lease_view.hpp"
#include "core/words.hpp"

namespace picket {
namespace {

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

bool implies(bool condition, bool consequence) { return !condition || consequence; }

template <typename Holds>
struct Claim {
  const char* text;
  Holds holds;
};
template <typename Holds>
Claim(const char*, Holds) -> Claim<Holds>;

constexpr std::tuple claims{
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
            const bool listens = t.s.followed && t.s.rival == Rival::confirmed;
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
constexpr size_t claim_count = std::tuple_size_v<decltype(claims)>;

template <typename T>
struct Field {
  T* where;
  int values;
};
template <typename T>
Field<T> over(T& field, int values) {
  return {&field, values};
}
Field<bool> over(bool& field) { return {&field, 2}; }

// Calls `visit` once for every combination of values of the fields.
template <typename Visit>
void enumerate(const Visit& visit) {
  visit();
}
template <typename Visit, typename T, typename... Rest>
void enumerate(const Visit& visit, Field<T> field, Rest... rest) {
  for (int i = 0; i < field.values; ++i) {
    *field.where = static_cast<T>(i);
    enumerate(visit, rest...);
  }
}

size_t number(const State& m) { return (m.held ? 6U : 0U) + (m.suspended ? 3U : 0U) + static_cast<size_t>(m.advert); }
State state(size_t number) { return {number >= 6, number / 3 % 2 == 1, static_cast<Advert>(number % 3)}; }

std::string describe(const Moment& t) {
  std::string text = std::string(word(t.row.rule)) + " " + std::string(word(t.row.advert)) + " " +
                     std::string(word(t.row.vrrp)) + " " + std::string(word(t.row.action));
  auto add = [&](const char* name, auto value) {
    text += std::string("  ") + name + "=" + std::to_string(static_cast<int>(value));
  };
  add("postmaster", t.s.postmaster), add("role", t.s.role), add("sight", t.s.sight), add("foreign", t.s.foreign);
  add("gap", t.s.gap), add("marker", t.s.marker), add("majority", t.s.majority), add("small", t.s.small_cluster);
  add("rival", t.s.rival), add("own_support", t.s.own_support), add("followed", t.s.followed), add("hang", t.s.hang),
      add("unreached", t.s.unreached);
  add("restart", t.s.restart), add("follows_primary", t.s.follows_primary), add("lag_ok", t.s.lag_ok);
  add("stale_reads", t.s.stale_reads), add("held", t.m.held), add("suspended", t.m.suspended);
  add("advert", t.m.advert);
  return text;
}

struct Enumeration {
  uint64_t combinations = 0;
  std::array<uint64_t, claim_count> broken{};
  std::array<std::string, claim_count> first;
  std::array<uint64_t, 32> rule_hits{};
  std::array<std::set<size_t>, 12> edges;  ///< from State to State
  std::array<bool, 12> confirms{};         ///< R1 is possible from here
  std::chrono::milliseconds took{0};
};

/// All that a node with data can see and remember.
template <typename Visit>
void visit_everything(Moment& t, const Visit& visit) {
  const auto rest = [&](auto... more) {
    enumerate(visit, over(t.s.postmaster, 7), over(t.s.role, 3), over(t.s.sight, 4), over(t.s.foreign), over(t.s.gap),
              over(t.s.marker, 4), over(t.s.majority, 5), over(t.s.small_cluster), over(t.s.rival, 5),
              over(t.s.own_support), over(t.s.followed), over(t.s.hang, 4), over(t.s.restart, 3), over(t.m.held),
              over(t.m.suspended), over(t.m.advert, 3), more...);
  };
  t.s.unreached = false;
  rest(over(t.s.follows_primary), over(t.s.lag_ok), over(t.s.stale_reads));
  // What is asked of a primary does not meet what is asked of a standby.
  t.s.unreached = true;
  t.s.follows_primary = t.s.lag_ok = t.s.stale_reads = true;
  rest();
}

Enumeration ask_everything() {
  Enumeration all;
  std::array<std::array<bool, 12>, 12> edge{};
  Moment t;
  auto visit = [&] {
    t.row = match(t.s, t.m);
    t.next = after(t.s, t.m, t.row);
    t.gate = client_gate(t.row, t.row.vrrp, Wish::hold, t.s, t.next);
    ++all.combinations;
    ++all.rule_hits[static_cast<size_t>(t.row.rule)];
    const size_t from = number(t.m);
    edge[from][number(t.next)] = true;
    if (t.row.rule == Rule::R1) all.confirms[from] = true;
    size_t claim = 0;
    auto check = [&](const auto& c) {
      if (!c.holds(t) && all.broken[claim]++ == 0) all.first[claim] = describe(t);
      ++claim;
    };
    std::apply([&](const auto&... c) { (check(c), ...); }, claims);
  };
  const auto begin = std::chrono::steady_clock::now();
  visit_everything(t, visit);
  all.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  for (size_t from = 0; from < 12; ++from)
    for (size_t to = 0; to < 12; ++to)
      if (edge[from][to]) all.edges[from].insert(to);
  return all;
}

const Enumeration& everything() {
  static const Enumeration all = ask_everything();
  return all;
}

TEST(Table, HoldsEveryClaimForEveryCombinationOfItsInputs) {
  const Enumeration& all = everything();
  std::cout << all.combinations << " combinations, " << claim_count << " claims, " << all.took.count() << " ms\n";
  size_t claim = 0;
  auto report = [&](const auto& c) {
    EXPECT_EQ(all.broken[claim], 0U) << c.text << "\n  first: " << all.first[claim];
    ++claim;
  };
  std::apply([&](const auto&... c) { (report(c), ...); }, claims);
}

/// How many combinations there are for such a node in which `concerns`; `right` is to hold in each of them.
template <typename Concerns, typename Right>
uint64_t expect_of(IsWitness witness, Concerns concerns, Right right) {
  uint64_t combinations = 0, broken = 0;
  std::string first;
  Moment t;
  t.s.witness = witness;
  visit_everything(t, [&] {
    if (!concerns(t)) return;
    t.row = match(t.s, t.m);
    t.next = after(t.s, t.m, t.row);
    ++combinations;
    if (!right(t) && broken++ == 0) first = describe(t);
  });
  EXPECT_EQ(broken, 0U) << first;
  return combinations;
}

TEST(Table, AWitnessIsNeverOfferedActedOnOrHeldWhateverIsSeen) {
  const auto combinations = expect_of(
      IsWitness::yes, [](const Moment&) { return true; },
      [](const Moment& t) {
        return t.is(Rule::W) && t.row.advert == Advert::down && t.row.vrrp == Vrrp::fault &&
               t.row.action == Action::none && t.row.reason == FenceReason::none && !t.next.held &&
               t.next.advert == Advert::down;
      });
  EXPECT_EQ(combinations, everything().combinations);
  EXPECT_EQ(everything().rule_hits[static_cast<size_t>(Rule::W)], 0U) << "a node with data is no witness";
}

TEST(Table, WhatMayBeAWitnessIsNeverRaisedNorStoppedForOthers) {
  const auto combinations = expect_of(
      IsWitness::unproved, [](const Moment& t) { return !t.m.held; },  // what is held is no witness
      [](const Moment& t) {
        // It ends only what lost a lease that a witness never has, and what has a marker.
        const bool may_stop = t.s.majority == Majority::lapsed || t.marked();
        return !t.is(Rule::R1) && t.row.vrrp != Vrrp::raise && !t.next.held && implies(t.stops(), may_stop) &&
               t.row.advert != Advert::primary;
      });
  EXPECT_GT(combinations, everything().combinations / 3);
}

TEST(Table, HasNoRowThatCannotBeReached) {
  for (size_t rule = static_cast<size_t>(Rule::W) + 1; rule <= static_cast<size_t>(Rule::R16); ++rule)
    EXPECT_GT(everything().rule_hits[rule], 0U) << word(static_cast<Rule>(rule));
}

TEST(Table, LeadsFromEveryReachableStateToAConfirmedPrimary) {
  std::set<size_t> reached{number(State{})};
  std::vector<size_t> open(reached.begin(), reached.end());
  while (!open.empty()) {
    const size_t from = open.back();
    open.pop_back();
    for (const size_t to : everything().edges[from])
      if (reached.insert(to).second) open.push_back(to);
  }
  for (const size_t from : reached) EXPECT_TRUE(everything().confirms[from]) << "state " << from;
  // A state that says `primary` without ever having been confirmed does not exist.
  for (const size_t at : reached) {
    const bool confirmed = state(at).held && !state(at).suspended;
    EXPECT_TRUE(implies(state(at).advert == Advert::primary, confirmed)) << "state " << at;
  }
}

TEST(Table, NeedsOneHealthyLookToGetFromAnyStateToTheRightAnswer) {
  Signals primary{.postmaster = Postmaster::up, .role = Role::primary, .sight = Sight::fresh};
  Signals standby{.postmaster = Postmaster::up, .role = Role::standby, .sight = Sight::fresh, .follows_primary = true};
  standby.rival = Rival::confirmed;  // a standby's own primary is one
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(match(primary, state(i)).rule, Rule::R1) << "state " << i;
    EXPECT_EQ(match(standby, state(i)).rule, Rule::R12) << "state " << i;
  }
}

}  // namespace
}  // namespace picket
