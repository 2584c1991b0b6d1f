#include "loop/sources.hpp"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <system_error>

namespace picket {
namespace {

void check(int r, const char* what) {
  if (r < 0) throw std::system_error(-r, std::generic_category(), what);
}

// Copies the function first: the callback may destroy the object that holds it.
template <class Function, class... Args>
int call(Loop& loop, const Function& function, Args... args) {
  const Function copy = function;
  loop.guarded([&] { copy(args...); });
  return 0;
}

}  // namespace

Source::~Source() { sd_event_source_disable_unref(source_); }

Timer::Timer(Loop& loop, std::function<void()> callback) : Source(loop), callback_(std::move(callback)) {
  // In microseconds, and not more: sd-event makes full use of it, so that what is due at once would wait for it too.
  constexpr uint64_t accuracy = 1;
  check(sd_event_add_time_relative(
            loop.get(), &source_, CLOCK_BOOTTIME, 0, accuracy,
            [](sd_event_source*, uint64_t, void* self) {
              static_cast<Timer*>(self)->fire();
              return 0;
            },
            this),
        "timer");
  check(sd_event_source_set_enabled(source_, SD_EVENT_OFF), "timer");
}

void Timer::fire() {
  armed_ = false;
  if (period_ > Millis{0}) arm(period_);
  call(loop_, callback_);
}

void Timer::arm(Millis delay) {
  check(sd_event_source_set_time_relative(source_, static_cast<uint64_t>(std::max<int64_t>(delay.count(), 0)) * 1000),
        "timer");
  check(sd_event_source_set_enabled(source_, SD_EVENT_ONESHOT), "timer");
  armed_ = true;
}

void Timer::start(Millis delay) {
  period_ = Millis{0};
  arm(delay);
}

void Timer::every(Millis period) {
  period_ = period;
  arm(period);
}

void Timer::stop() {
  period_ = Millis{0};
  armed_ = false;
  sd_event_source_set_enabled(source_, SD_EVENT_OFF);
}

Io::Io(Loop& loop, int fd, uint32_t events, std::function<void(uint32_t)> callback)
    : Source(loop), callback_(std::move(callback)) {
  check(sd_event_add_io(
            loop.get(), &source_, fd, events,
            [](sd_event_source*, int, uint32_t revents, void* self) {
              auto* io = static_cast<Io*>(self);
              return call(io->loop_, io->callback_, revents);
            },
            this),
        "epoll");
}

void Io::wait_for(uint32_t events) { check(sd_event_source_set_io_events(source_, events), "epoll"); }

OnSignal::OnSignal(Loop& loop, int signal, std::function<void()> callback)
    : Source(loop), callback_(std::move(callback)) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  check(sd_event_add_signal(
            loop.get(), &source_, signal,
            [](sd_event_source*, const signalfd_siginfo*, void* self) {
              auto* on = static_cast<OnSignal*>(self);
              return call(on->loop_, on->callback_);
            },
            this),
        "signal");
}

PathWatch::PathWatch(Loop& loop, const std::string& path, uint32_t mask,
                     std::function<void(uint32_t, const std::string&)> callback)
    : Source(loop), callback_(std::move(callback)) {
  check(sd_event_add_inotify(
            loop.get(), &source_, path.c_str(), mask,
            [](sd_event_source*, const inotify_event* event, void* self) {
              auto* watch = static_cast<PathWatch*>(self);
              const std::string name = event->len > 0 ? event->name : "";
              return call(watch->loop_, watch->callback_, event->mask, name);
            },
            this),
        ("watch " + path).c_str());
}

ProcessWatch::ProcessWatch(Loop& loop, int pid, std::function<void()> ended) : Source(loop), ended_(std::move(ended)) {
  fd_ = Fd{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
  if (!fd_) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  check(sd_event_add_io(
            loop.get(), &source_, fd_.get(), EPOLLIN,
            [](sd_event_source* source, int, uint32_t, void* self) {
              auto* watch = static_cast<ProcessWatch*>(self);
              // A pidfd stays readable for good once the process ended: tell it once.
              sd_event_source_set_enabled(source, SD_EVENT_OFF);
              return call(watch->loop_, watch->ended_);
            },
            this),
        "pidfd");
}

ProcessWatch::~ProcessWatch() {
  // Before the descriptor is closed: members go before the base class does.
  source_ = sd_event_source_disable_unref(source_);
}

}  // namespace picket
