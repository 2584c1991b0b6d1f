#include "loop/worker.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <system_error>

namespace picket {
namespace {

Fd new_event_fd() {
  Fd fd{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!fd) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

Worker::Worker(Loop& loop)
    : event_fd_(new_event_fd()), io_(loop, event_fd_.get(), EPOLLIN, [this](uint32_t) { collect(); }), thread_([this] {
        sigset_t all;
        sigfillset(&all);  // signals belong to the loop
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        thread_main();
      }) {}

Worker::~Worker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Worker::run(std::function<void()> work, std::function<void()> done) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(work), std::move(done)});
  }
  wake_.notify_one();
}

void Worker::finish(Millis limit) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, limit, [this] { return waiting_.empty() && !running_job_; });
}

size_t Worker::pending() const {
  std::lock_guard lock(mutex_);
  return waiting_.size() + (running_job_ ? 1 : 0);
}

void Worker::thread_main() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    running_job_ = true;
    lock.unlock();
    job.work();
    lock.lock();
    running_job_ = false;
    wake_.notify_one();  // finish(), if anybody: this thread does not wait now
    finished_.push_back(std::move(job));
    const uint64_t one = 1;
    [[maybe_unused]] auto written = write(event_fd_.get(), &one, sizeof one);  // fails only when already readable
  }
}

void Worker::collect() {
  uint64_t count = 0;
  [[maybe_unused]] auto got = read(event_fd_.get(), &count, sizeof count);
  std::deque<Job> done;
  {
    std::lock_guard lock(mutex_);
    done.swap(finished_);
  }
  for (auto& job : done) job.done();
}

}  // namespace picket
