#include "loop/loop.hpp"

#include <algorithm>
#include <ctime>
#include <system_error>
#include <utility>

namespace picket {

Instant boot_now() {
  timespec t{};
  clock_gettime(CLOCK_BOOTTIME, &t);
  return Instant{Millis{t.tv_sec * 1000 + t.tv_nsec / 1'000'000}};
}

namespace {

std::chrono::nanoseconds monotonic_now() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

Loop::Loop() {
  if (int r = sd_event_new(&event_); r < 0) throw std::system_error(-r, std::generic_category(), "sd_event_new");
}

Loop::~Loop() { sd_event_unref(event_); }

void Loop::rethrow() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

int Loop::run() {
  int r = 0;
  while (r >= 0 && sd_event_get_state(event_) != SD_EVENT_FINISHED) r = turn();
  rethrow();
  int code = 0;
  if (r >= 0) r = sd_event_get_exit_code(event_, &code);
  if (r < 0) throw std::system_error(-r, std::generic_category(), "sd_event_run");
  return code;
}

/// sd_event_run(3) in its parts (sd_event_wait(3)), to know how long the last of them takes.
int Loop::turn() {
  int r = sd_event_prepare(event_);
  if (r == 0) r = sd_event_wait(event_, UINT64_MAX);
  if (r <= 0) return r;
  const auto begin = monotonic_now();
  r = sd_event_dispatch(event_);
  hold_.note(begin, monotonic_now());
  return r;
}

std::chrono::nanoseconds Loop::longest_hold() { return hold_.within_a_minute(monotonic_now()); }

bool Loop::run_until(const std::function<bool()>& done, Millis limit) {
  const Instant end = boot_now() + limit;
  while (!done()) {
    const Millis left = end - boot_now();
    if (left <= Millis{0}) return false;
    // At most 50 ms a turn, so that a condition that no event announces is seen too.
    const auto wait = std::min(left, Millis{50});
    int r = sd_event_run(event_, static_cast<uint64_t>(wait.count()) * 1000);
    rethrow();
    if (r < 0) throw std::system_error(-r, std::generic_category(), "sd_event_run");
  }
  return true;
}

void Loop::exit(int code) { sd_event_exit(event_, code); }

void Loop::guarded(const std::function<void()>& callback) noexcept {
  try {
    callback();
  } catch (...) {
    if (!failure_) failure_ = std::current_exception();
    exit(1);
  }
}

}  // namespace picket
