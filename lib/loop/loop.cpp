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

Loop::Loop() {
  if (int r = sd_event_new(&event_); r < 0) throw std::system_error(-r, std::generic_category(), "sd_event_new");
}

Loop::~Loop() { sd_event_unref(event_); }

void Loop::rethrow() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

int Loop::run() {
  int code = sd_event_loop(event_);
  rethrow();
  if (code < 0) throw std::system_error(-code, std::generic_category(), "sd_event_loop");
  return code;
}

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
