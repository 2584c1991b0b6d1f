#pragma once
// Breadth first through every world that can be reached, until there is no new one.

#include <cstddef>
#include <string>
#include <vector>

#include "core/lease/world.hpp"

namespace picket::exploration {

struct Outcome {
  size_t worlds = 0;      ///< different ones
  size_t moves = 0;       ///< from one to another
  int depth = 0;          ///< of the farthest
  std::string violation;  ///< of the first world that breaks an invariant; empty = none
  size_t served = 0;      ///< worlds in which somebody serves: were there none, nothing would be proven
  size_t trapped = 0;     ///< of the worlds that were tried (see below), those out of which no candidate came to serve
  size_t tried = 0;
};

/// `liveness_every`: from each so-manyth world it is also tried whether each candidate comes to serve once messages
/// arrive and the others do not want to; 0 = never. Worlds are told apart by 64 bits of a hash: with N worlds the
/// chance to have missed one is about N^2 / 2^65. `most_worlds`: give up beyond (the outcome then says so as a
/// violation).
Outcome explore(const Limits& limits, size_t most_worlds, size_t liveness_every = 0);

/// The events that lead to a violation, shortest first; for small spaces, since it keeps how each world was reached.
std::vector<std::string> shortest_violation(const Limits& limits, size_t most_worlds);

}  // namespace picket::exploration
