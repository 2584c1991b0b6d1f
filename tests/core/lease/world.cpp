#include "core/lease/world.hpp"

#include <algorithm>
#include <utility>

namespace picket::exploration {

const LeaseSetup& setup_of(const Limits& limits, int place) {
  static const auto all = [] {
    std::vector<LeaseSetup> setups;
    for (int lease = 2; lease <= 3; ++lease)
      for (int early = 0; early < 2; ++early)
        for (int voters = 3; voters <= most; ++voters)
          for (int i = 0; i < most; ++i) {
            LeaseSetup setup{.self = i + 1};
            for (int v = 1; v <= voters; ++v) setup.voters.push_back(v);
            setup.timing = {.heartbeat = Millis{0}, .lease = Millis{lease}, .bound = Millis{lease + 1 - early}};
            setups.push_back(setup);
          }
    return setups;
  }();
  const int early = limits.mistake == Mistake::grants_one_tick_early ? 1 : 0;
  return all[static_cast<size_t>((((limits.lease - 2) * 2 + early) * 3 + limits.voters - 3) * most + place)];
}

LeaseInput wishing(Wish wish) { return {.wish = wish, .position = {1, 1}, .behind = {}}; }

World first_world(const Limits& limits) {
  World world;
  for (int i = 0; i < limits.voters; ++i) world.nodes[i] = lease_after_start(setup_of(limits, i), {}, here);
  return world;
}

bool serves(const World& world, const Limits& limits, int place) {
  return world.outlives[place] > 0 || here < valid_until(world.nodes[place], setup_of(limits, place));
}

const char* violated(const World& world, const Limits& limits) {
  int serving = 0;
  for (int i = 0; i < limits.voters; ++i) {
    const Lease& node = world.nodes[i];
    if (serves(world, limits, i)) ++serving;
    if ((node.term != 0 || node.candidacy) && node.promise.to != i + 1) return "who holds or asks has promised itself";
    if (node.promise.term < node.term) return "a holder's promise is at least its term";
    for (int j = 0; j < i; ++j)
      if (node.term != 0 && node.term == world.nodes[j].term) return "a term has one holder";
  }
  return serving > 1 ? "at most one serves" : nullptr;
}

void pass_a_tick(World& world, const Limits& limits, int slow) {
  world.held_back = slow >= 0 ? limits.lease + 1 : std::max(0, world.held_back - 1);
  const auto earlier = [](Instant& t) {
    if (t != Lease::never) t -= Millis{1};
  };
  for (int i = 0; i < limits.voters; ++i) {
    if (i == slow) continue;
    Lease& node = world.nodes[i];
    for (Instant* time : {&node.bound_until, &node.owed_until, &node.release_until}) earlier(*time);
    std::ranges::for_each(node.acked, earlier);
    if (node.candidacy) std::ranges::for_each(node.candidacy->acked, earlier);
    for (int& age : world.grants[i])
      if (age != World::none) ++age;
    world.outlives[i] = std::max(0, world.outlives[i] - 1);
  }
}

int ticks_until_served(World world, const Limits& limits, int candidate, int patience) {
  for (int passed = 0; passed <= patience; ++passed) {
    for (int i = 0; i < limits.voters; ++i) {
      // Answers come back at once, and what they lead to is sent at once, until nobody has anything to say.
      std::vector<std::pair<int, Envelope>> wire;
      const auto take = [&](int from, LeaseStep step) {
        world.nodes[from] = std::move(step.lease);
        for (Envelope& envelope : step.send) wire.emplace_back(from, std::move(envelope));
      };
      const LeaseInput input = wishing(i == candidate ? Wish::hold : Wish::idle);
      take(i, on_tick(world.nodes[i], setup_of(limits, i), here, input));
      for (size_t at = 0; at < wire.size(); ++at) {
        const auto [from, envelope] = wire[at];
        const int to = envelope.to - 1;
        take(to, on_message(world.nodes[to], setup_of(limits, to), from + 1, envelope.message, here, input));
      }
    }
    if (serves(world, limits, candidate)) return passed;
    pass_a_tick(world, limits, -1);
  }
  return -1;
}

}  // namespace picket::exploration
