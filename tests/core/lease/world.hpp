#pragma once
// All voters of a cluster at one moment, for the explorer. The machines are the real ones (core/lease.hpp); this adds
// what surrounds them: clocks, replies under way, crashes. One unit of time is a millisecond of the machines, and every
// clock is kept at `here`, so that two worlds which differ only in the date are one.
//
// What may happen, and why nothing is missing:
//  - Requests, heartbeats and releases arrive at once or never. One that arrives later binds its voter for longer, and
//    the same sender could have sent a newer one at that moment, which is worth more to it.
//  - Acknowledgements and grants arrive at any time or never; the newest of each pair stands for all, since it is worth
//    more to its receiver than an older one. One that is older than the lease is worth nothing.
//  - A node acts at any moment with any wish, or not at all: that is a frozen agent, and repmgrd's whims.
//  - The clock of `slow` may stand still for a tick, once in the time of a bound: the rate by which clocks may differ.
//  One
//    slow clock is enough: it harms when it is the old holder's, and two of them differ less.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/lease.hpp"

namespace picket::exploration {

/// A deliberate mistake, to see that the explorer finds it.
enum class Mistake : uint8_t {
  none,
  lease_counts_from_receipt,    ///< of the acknowledgement, not from sending
  promise_forgotten,            ///< by a voter that restarts
  start_is_not_waited_for,      ///< a voter that restarts grants at once
  acknowledges_after_granting,  ///< another
  grants_one_tick_early,
  older_lease_forgotten,  ///< by an agent that restarts: when it yields, it frees those who hold its earlier run's up
};

struct Limits {
  int voters = 3;
  int candidates = 3;  ///< the first of them; the rest only vote, and are the same to the explorer
  Term terms = 3;      ///< worlds with a newer one are not looked into
  int restarts = 2;    ///< of any node, together
  int slow = -1;       ///< place of the node whose clock may be slow; -1 = none
  Mistake mistake = Mistake::none;
};

constexpr int most = 5;
constexpr Instant here{Millis{1000}};
constexpr Millis lease_ticks{2};
constexpr Millis bound_ticks{3};

/// A reply under way: what it says, and how long ago its question was sent; term 0 = none.
struct Pending {
  Term term = 0;
  int age = 0;
};

struct World {
  std::array<Lease, most> nodes;
  std::array<std::array<Pending, most>, most> acks;    ///< [holder][voter]
  std::array<std::array<Pending, most>, most> grants;  ///< [candidate][voter]
  /// What an earlier run of the agent held is valid for so many ticks more: its server and its clients go on without
  /// it.
  std::array<int, most> outlives{};
  int held_back = 0;  ///< ticks for which the slow clock may not stand still again
  int restarts = 0;
};

const LeaseSetup& setup_of(const Limits& limits, int place);

World first_world(const Limits& limits);

/// Whether the node may serve writes, by its own clock.
bool serves(const World& world, const Limits& limits, int place);

/// Packs what can make a difference, and puts nodes that only vote in order.
std::string pack(const World& world, const Limits& limits);
World unpack(const std::string& packed, const Limits& limits);

/// Every world that can come next. With `names` each gets the words of its event.
void successors(const World& world, const Limits& limits, std::vector<World>& next, std::vector<std::string>* names);

/// The first invariant that does not hold, or nothing.
const char* violated(const World& world, const Limits& limits);

/// No message lost, every node acts at each tick, only `candidate` wants the lease: ticks until it holds a valid one,
/// -1 when not within `patience`.
int ticks_until_served(World world, const Limits& limits, int candidate, int patience);

}  // namespace picket::exploration
