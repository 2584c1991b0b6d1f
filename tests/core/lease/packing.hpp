#pragma once
// A world in sixteen bytes: what can make a difference, and the nodes that only vote in order.

#include <cstdint>

#include "core/lease/world.hpp"

namespace picket::exploration {

struct Key {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const Key&) const = default;
};

/// Throws std::logic_error for limits under which a world needs more: 5 voters with 2 candidates and 3 terms fit.
Key pack(const World& world, const Limits& limits);

World unpack(const Key& key, const Limits& limits);

}  // namespace picket::exploration
