// The decision table, asked about every combination of its inputs: what it may never do, what it must do, and that no
// state is a trap. Not a sample: the whole space, so nothing that holds here has an exception.

#include "core/table.hpp"

#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <iostream>
#include <set>
#include <tuple>

#include "core/table_claims.hpp"
#include "core/words.hpp"

namespace picket::test {
namespace {

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
}  // namespace picket::test
