#pragma once
// Time as the core sees it: a value handed in, never a clock read. An Instant counts milliseconds since boot
// (CLOCK_BOOTTIME), so that suspension counts and a stepped wall clock does not.

#include <chrono>

namespace picket {

using Millis = std::chrono::milliseconds;

/// Names the epoch of Instant; has no now() on purpose.
struct BootTime {
  using rep = Millis::rep;
  using period = Millis::period;
  using duration = Millis;
  using time_point = std::chrono::time_point<BootTime, Millis>;
  static constexpr bool is_steady = true;
};

using Instant = BootTime::time_point;

}  // namespace picket
