// The reductions that need the disk alone.

#include <algorithm>

#include "core/signals.hpp"

namespace picket {

MarkerState marker_state(const MarkerFacts& marker) {
  switch (marker.state) {
    case MarkerFacts::State::none: return MarkerState::none;
    case MarkerFacts::State::unknown: return MarkerState::unreadable;
    case MarkerFacts::State::malformed: return MarkerState::fenced;
    case MarkerFacts::State::fenced: break;
  }
  const std::string isolated{word(FenceReason::isolated)};
  return marker.reasons == std::vector{isolated} ? MarkerState::isolated : MarkerState::fenced;
}

uint32_t disk_timeline(const DiskFacts& disk) {
  return disk.known ? std::max(disk.checkpoint_timeline, disk.recovery_timeline) : 0;
}

}  // namespace picket
