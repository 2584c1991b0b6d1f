#pragma once
// The marker that the job puts on a node before it changes its data.

#include "config/config.hpp"
#include "rejoin/look.hpp"

namespace picket {

/// Fences this node as stale, durably when it returns: by the agent, or in its file where none answers. Does nothing at
/// level "observe", and for a plan that only starts a standby. Throws std::runtime_error when it cannot be written, or
/// is not on disk `within` that time after the agent took it.
void mark_stale(const Config& config, const RejoinView& view, Millis within = Millis{10'000});

}  // namespace picket
