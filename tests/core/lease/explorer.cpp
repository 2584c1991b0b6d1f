#include "core/lease/explorer.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/lease/packing.hpp"
#include "core/lease/seen.hpp"

namespace picket::exploration {
namespace {

/// 64 bits of a packed world: MurmurHash's finaliser.
uint64_t hash_of(const Key& key) {
  uint64_t h = 0x9E3779B97F4A7C15ULL;
  for (const uint64_t word : {key.low, key.high}) {
    h ^= word;
    h ^= h >> 33;
    h *= 0xFF51AFD7ED558CCDULL;
    h ^= h >> 33;
    h *= 0xC4CEB9FE1A85EC53ULL;
    h ^= h >> 33;
  }
  return h == 0 ? 1 : h;
}

bool beyond(const World& world, const Limits& limits) {
  return std::any_of(world.nodes.begin(), world.nodes.begin() + limits.voters,
                     [&](const Lease& n) { return n.promise.term > limits.terms; });
}

struct Move {
  const World& to;
  Key key;
  uint64_t hash;
};

/// Long enough for two bounds and a few rounds.
constexpr int patience = 12;

void try_liveness(const World& world, const Limits& limits, Outcome& outcome) {
  for (int candidate = 0; candidate < limits.candidates; ++candidate) {
    ++outcome.tried;
    if (ticks_until_served(world, limits, candidate, patience) < 0) ++outcome.trapped;
  }
}

}  // namespace

Outcome explore(const Limits& limits, size_t most_worlds, size_t liveness_every) {
  Outcome outcome;
  Seen seen;
  std::vector<Key> front{pack(first_world(limits), limits)};
  seen.insert(hash_of(front.front()));
  std::vector<Key> later;
  std::vector<World> next;
  std::vector<Move> moves;
  for (; !front.empty(); ++outcome.depth) {
    for (const Key& packed : front) {
      const World world = unpack(packed, limits);
      next.clear();
      successors(world, limits, next, nullptr);
      // First all slots are asked for, then looked at: the memory answers to many at a time.
      moves.clear();
      for (const World& w : next) {
        if (beyond(w, limits)) continue;
        const Key key = pack(w, limits);
        moves.push_back({w, key, hash_of(key)});
        seen.prefetch(moves.back().hash);
      }
      outcome.moves += moves.size();
      for (const auto& [w, key, hash] : moves) {
        if (!seen.insert(hash)) continue;
        outcome.worlds = seen.size();
        if (const char* broken = violated(w, limits)) outcome.violation = broken;
        if (outcome.worlds > most_worlds) outcome.violation = "more worlds than were allowed";
        if (!outcome.violation.empty()) return outcome;
        for (int i = 0; i < limits.voters; ++i)
          if (serves(w, limits, i)) ++outcome.served;
        if (liveness_every != 0 && outcome.worlds % liveness_every == 0) try_liveness(w, limits, outcome);
        later.push_back(key);
      }
    }
    front.swap(later);
    later.clear();
  }
  return outcome;
}

std::vector<std::string> shortest_violation(const Limits& limits, size_t most_worlds) {
  struct Hash {
    size_t operator()(const Key& key) const { return hash_of(key); }
  };
  struct Origin {
    Key from;
    std::string event;
  };
  std::unordered_map<Key, Origin, Hash> origins;
  std::vector<Key> queue{pack(first_world(limits), limits)};
  origins[queue.front()] = {};
  std::vector<World> next;
  std::vector<std::string> names;
  for (size_t at = 0; at < queue.size() && queue.size() < most_worlds; ++at) {
    next.clear();
    names.clear();
    successors(unpack(queue[at], limits), limits, next, &names);
    for (size_t i = 0; i < next.size(); ++i) {
      if (beyond(next[i], limits)) continue;
      const Key key = pack(next[i], limits);
      if (!origins.try_emplace(key, Origin{queue[at], names[i]}).second) continue;
      queue.push_back(key);
      const char* broken = violated(next[i], limits);
      if (broken == nullptr) continue;
      std::vector<std::string> story{broken};
      for (Key step = key; !origins[step].event.empty(); step = origins[step].from)
        story.push_back(origins[step].event);
      std::ranges::reverse(story);
      return story;
    }
  }
  return {};
}

}  // namespace picket::exploration
