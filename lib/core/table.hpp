#pragma once
// The decision table: a pure, total function over small enums, so that every combination can be enumerated in a test
// (tests/core/table_test.cpp). How raw facts become these enums is signals.hpp's business and is tested separately.

#include "core/facts.hpp"
#include "core/verdict.hpp"

namespace picket {

enum class Postmaster : uint8_t { unknown, absent, starting, up, hung, orphans, stopping };
/// How well the role is known just now. `remembered`: the same postmaster was a primary, and it cannot be asked; that
/// it is one still is certain, for no postmaster turns from a primary into a standby, but not that it serves.
enum class Sight : uint8_t { none, remembered, cached, fresh };
/// `isolated`: fenced for nothing but what is over once a majority shows that nobody was promoted (isolated,
/// unreachable).
enum class MarkerState : uint8_t { none, isolated, fenced, unreadable };
/// Of the registered nodes, self included; at level lease: of the voters, and `fresh` and `suspect` mean a valid lease.
/// There `lapsed` means that it was ours and is over, and `asking` that it never was, or that the voters have had too
/// little time to answer an agent that has just started or woken.
enum class Majority : uint8_t { fresh, suspect, lost, asking, lapsed };
/// Another primary: none; possible, because a standby follows someone unseen on another timeline, or a primary has
/// other data, or too few nodes tell their role; claimed by a node without a majority of followers; proven by a
/// majority of followers; and proven in two looks over the confirm time.
enum class Rival : uint8_t { none, possible, claimed, proven, confirmed };
/// Whether PostgreSQL, which is not running, is to be started: because a majority has shown for long enough that what
/// keeps it stopped is over (its fence for isolation, or the start gate's refusal), or because it crashed a moment ago
/// as the confirmed primary and nobody has taken its place.
enum class Restart : uint8_t { no, allowed, in_place };
enum class Hang : uint8_t { no, brief, withdraw, stop };
/// Whether this node only votes, whatever server runs on it: no; its row says so, and no other node has told whether it
/// has the cluster's data; yes. A held primary is not unproved.
enum class IsWitness : uint8_t { no, unproved, yes };

/// What is seen at one moment, in the alphabet of the table.
struct Signals {
  IsWitness witness = IsWitness::no;
  Postmaster postmaster = Postmaster::unknown;
  Role role = Role::unknown;
  Sight sight = Sight::none;
  bool foreign = false;  ///< a majority shares another system identifier
  bool gap = false;      ///< the agent did not run for longer than the bound
  MarkerState marker = MarkerState::none;
  Majority majority = Majority::fresh;
  bool small_cluster = false;  ///< fewer than three registered nodes, and no lease
  Rival rival = Rival::none;
  bool own_support = false;  ///< a majority of nodes is self or streams from self, or the lease is valid
  bool followed = false;     ///< at least one standby streams from self
  Hang hang = Hang::no;
  bool unreached =
      false;  ///< a majority of the voters cannot reach this server, for the whole bound; see unreached.hpp
  Restart restart = Restart::no;
  bool follows_primary = false;  ///< streams from the node known to be the primary
  bool lag_ok = true;
  bool stale_reads = true;  ///< policy

  bool operator==(const Signals&) const = default;
};

/// What the table remembers between two moments; twelve values in all.
struct State {
  bool held = false;      ///< was confirmed as primary (R1) in the life of this postmaster
  bool suspended = true;  ///< nothing was confirmed since the agent started or slept, or since a proof to the contrary
  Advert advert = Advert::down;

  bool operator==(const State&) const = default;
};

struct Ruling {
  Rule rule;
  Advert advert;
  Vrrp vrrp;
  Action action = Action::none;
  FenceReason reason = FenceReason::none;
};

/// The first row that matches.
Ruling match(const Signals& signals, const State& state);

/// What is remembered after that row.
State after(const Signals& signals, const State& state, const Ruling& row);

}  // namespace picket
