#pragma once
// Event sources: each is armed while the object lives and gone when it is destroyed. Destroying a source inside its own
// callback is allowed.

#include <sys/inotify.h>

#include <cstdint>
#include <functional>
#include <string>

#include "loop/fd.hpp"
#include "loop/loop.hpp"

namespace picket {

/// Owns one sd_event_source and the callback behind it.
class Source {
 public:
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

 protected:
  explicit Source(Loop& loop) : loop_(loop) {}
  ~Source();
  Loop& loop_;
  sd_event_source* source_ = nullptr;
};

/// A timer on CLOCK_BOOTTIME with millisecond accuracy.
class Timer : public Source {
 public:
  /// Not armed yet. `callback` runs on the loop at each expiry.
  Timer(Loop& loop, std::function<void()> callback);
  /// Expires once, `delay` from now; a pending expiry is replaced.
  void start(Millis delay);
  /// Expires every `period` (> 0), first after one period. A late loop skips missed periods instead of catching up.
  void every(Millis period);
  void stop();
  bool armed() const { return armed_; }

 private:
  void fire();
  void arm(Millis delay);
  std::function<void()> callback_;
  Millis period_{0};
  bool armed_ = false;
};

/// Readiness of a file descriptor, which stays the caller's. `events` are EPOLLIN, EPOLLOUT, ... (epoll_ctl(2)).
class Io : public Source {
 public:
  Io(Loop& loop, int fd, uint32_t events, std::function<void(uint32_t revents)> callback);
  /// Changes the events waited for.
  void wait_for(uint32_t events);

 private:
  std::function<void(uint32_t)> callback_;
};

/// A UNIX signal, blocked for the process by this object and delivered on the loop.
class OnSignal : public Source {
 public:
  OnSignal(Loop& loop, int signal, std::function<void()> callback);

 private:
  std::function<void()> callback_;
};

/// Changes below a path (inotify(7)). `mask` as in inotify_add_watch(2); `name` is the entry in a watched folder, or
/// empty. IN_Q_OVERFLOW and IN_IGNORED are passed on too: the caller looks again.
class PathWatch : public Source {
 public:
  /// Throws std::system_error when the path cannot be watched (absent, no permission, limit reached).
  PathWatch(Loop& loop, const std::string& path, uint32_t mask,
            std::function<void(uint32_t mask, const std::string& name)> callback);

 private:
  std::function<void(uint32_t, const std::string&)> callback_;
};

/// The end of a process (pidfd_open(2)), whoever its parent is.
class ProcessWatch : public Source {
 public:
  /// Throws std::system_error (ESRCH: no such process). The caller checks that `pid` is still the process it means.
  ProcessWatch(Loop& loop, int pid, std::function<void()> ended);
  ~ProcessWatch();

 private:
  Fd fd_;
  std::function<void()> ended_;
};

}  // namespace picket
