#pragma once
// The longest of many times, over the last minute. Pure.

#include <algorithm>
#include <chrono>

namespace picket {

/// Keeps two numbers: the longest of this minute and of the one before. So what it says is at least a minute's worth,
/// and forgotten after two.
class LongestHold {
 public:
  using Time = std::chrono::nanoseconds;  ///< since any fixed moment; never runs backwards

  void note(Time from, Time to) {
    turn_over(to);
    current_ = std::max(current_, to - from);
  }
  Time within_a_minute(Time now) {
    turn_over(now);
    return std::max(current_, before_);
  }

 private:
  static constexpr Time window = std::chrono::minutes{1};
  void turn_over(Time now) {
    if (now - began_ < window) return;
    before_ = now - began_ < 2 * window ? current_ : Time{0};
    current_ = Time{0};
    began_ = now;
  }
  Time began_{0}, current_{0}, before_{0};
};

}  // namespace picket
