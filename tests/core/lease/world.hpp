#pragma once
// All voters of a cluster at one moment, for the explorer. The machines are the real ones (core/lease.hpp); this adds
// what surrounds them: clocks, replies under way, crashes. One unit of time is a millisecond of the machines, and every
// clock is kept at `here`, so that two worlds which differ only in the date are one.
//
// The first candidates may hold the lease, the rest only vote and are alike. What may happen, and why nothing is
// missing although not every order of events is gone through: see moves.cpp.

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
  acknowledges_older_terms,      ///< of a holder whom it has promised a newer one
  keeps_older_acknowledgements,  ///< of an older term, as if they were of the newer one
  older_lease_forgotten,  ///< by an agent that restarts: when it yields, it frees those who hold its earlier run's up
  // These take a datagram that is late.
  older_request_lowers_promise,  ///< of the same node
  older_answers_count,           ///< to a heartbeat or a request, whatever term they are for
  release_frees_newer_terms,     ///< than it was told for
};

struct Limits {
  int voters = 3;
  int candidates = 2;     ///< at most 3
  Term terms = 2;         ///< worlds with a newer one are not looked into; at most 7
  bool restarts = false;  ///< of any node, any number of times
  bool late = false;      ///< what was ever said may arrive at any later moment, in any order, any number of times
  int lease = 2;          ///< in ticks, at most 3; bounds last one tick longer
  int slow = -1;          ///< place of the node whose clock may be slow; -1 = none
  Mistake mistake = Mistake::none;
};

constexpr int most = 5;
constexpr Instant here{Millis{1000}};

/// What a candidate has ever said, for `Limits::late`: the network may still have it.
struct Said {
  unsigned requests = 0;    ///< bit t - 1: for term t
  unsigned heartbeats = 0;  ///< the same
  Term released = 0;        ///< the highest; a release of an older term frees nobody whom this one does not
};

struct World {
  static constexpr int none = -1;

  std::array<Lease, most> nodes;
  /// [candidate][voter] What it asks for now has been granted: how long ago that question was sent. The grant is under
  /// way.
  std::array<std::array<int, most>, most> grants;
  /// What an earlier run of the agent held is valid for so many ticks more: its server and its clients go on without
  /// it.
  std::array<int, most> outlives{};
  std::array<Said, most> said;
  int held_back = 0;  ///< ticks for which the slow clock may not stand still again

  World() {
    for (auto& of_candidate : grants) of_candidate.fill(none);
  }
};

const LeaseSetup& setup_of(const Limits& limits, int place);
LeaseInput wishing(Wish wish);

World first_world(const Limits& limits);

/// Whether the node may serve writes, by its own clock.
bool serves(const World& world, const Limits& limits, int place);

/// The first invariant that does not hold, or nothing.
const char* violated(const World& world, const Limits& limits);

/// Time passes for everybody; for all but the node at `slow` (-1 = none) on their own clock too.
void pass_a_tick(World& world, const Limits& limits, int slow);

/// Every world that can come next. With `names` each gets the words of its event.
void successors(const World& world, const Limits& limits, std::vector<World>& next, std::vector<std::string>* names);

/// No message lost, every node acts at each tick, only `candidate` wants the lease: ticks until it holds a valid one,
/// -1 when not within `patience`.
int ticks_until_served(World world, const Limits& limits, int candidate, int patience);

}  // namespace picket::exploration
