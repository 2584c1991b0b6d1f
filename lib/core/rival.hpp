#pragma once
// The search for another primary: one that shows itself, one that only its followers tell of, or nobody, which is known
// only when a majority has told its role.

#include "core/signals.hpp"

namespace picket {

/// The best supported rival, up to `proven`. `own_system` 0 and `own_timeline` 0: unknown. `majority`: of the
/// registered nodes.
RivalView find_rival(const Board& board, uint64_t own_system, uint32_t own_timeline, int majority,
                     const Horizon& horizon, const Policy& policy);

}  // namespace picket
