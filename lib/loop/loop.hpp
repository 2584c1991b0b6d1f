#pragma once
// The one event loop of picketd: RAII over sd-event (sd-event(3)). Single-threaded; every callback runs on it. An
// exception that leaves a callback never crosses the C library: the loop keeps it, ends, and run() throws it again.

#include <systemd/sd-event.h>

#include <exception>
#include <functional>

#include "core/time.hpp"
#include "loop/longest_hold.hpp"

namespace picket {

/// Time since boot, counting suspension (CLOCK_BOOTTIME, clock_gettime(2)), in milliseconds.
Instant boot_now();

class Loop {
 public:
  /// Throws std::system_error when the kernel gives no epoll descriptor.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The underlying loop, for libraries that attach themselves (sd-bus). Owned by this object.
  sd_event* get() const { return event_; }

  /// Runs until exit() is called; returns its code. Throws what a callback threw.
  int run();
  /// Runs until `done` says true or `limit` has passed; returns whether it became true. For tests and short-lived
  /// programs.
  bool run_until(const std::function<bool()>& done, Millis limit);
  /// Asks run() to end with `code` after the callbacks that are due.
  void exit(int code);

  /// The longest time that what was done in one turn kept everybody else waiting, of about the last minute; the turns
  /// of run() alone count.
  std::chrono::nanoseconds longest_hold();

  /// Calls `callback`, keeping an exception for run() to throw. For the callbacks that C libraries make.
  void guarded(const std::function<void()>& callback) noexcept;

 private:
  void rethrow();
  int turn();
  sd_event* event_ = nullptr;
  std::exception_ptr failure_;
  LongestHold hold_;
};

}  // namespace picket
