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
  const bool only_alone = !marker.reasons.empty() && std::ranges::all_of(marker.reasons, [](const std::string& reason) {
    return reason == word(FenceReason::isolated) || reason == word(FenceReason::unreachable);
  });
  return only_alone ? MarkerState::isolated : MarkerState::fenced;
}

bool stepped_down(const MarkerFacts& marker) {
  return std::ranges::find(marker.reasons, word(FenceReason::unreachable)) != marker.reasons.end();
}

uint32_t disk_timeline(const DiskFacts& disk) {
  return disk.known ? std::max(disk.checkpoint_timeline, disk.recovery_timeline) : 0;
}

}  // namespace picket
