#pragma once
// The local server as the fence ladder must know it, from what the agent has seen of it.

#include "config/config.hpp"
#include "core/facts.hpp"
#include "fence/proof.hpp"
#include "observers.hpp"

namespace picket {

/// What is not known is left empty; the ladder keeps what an earlier target of the same server said.
FenceTarget fence_target(const Observers& observers, const Board& board, const Config& config);

}  // namespace picket
