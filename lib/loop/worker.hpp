#pragma once
// One thread for the calls that can hang, on a sick disk (open, read, fsync, rename) or in a busy kernel: the loop
// never waits for them.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "loop/fd.hpp"
#include "loop/sources.hpp"

namespace picket {

class Worker {
 public:
  explicit Worker(Loop& loop);
  /// Drops what has not begun and waits for what has; a call that hangs on the disk makes this wait too.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs `work` on the thread, then `done` on the loop. Both in the order given. `work` must not throw and must not
  /// touch what the loop's thread uses.
  void run(std::function<void()> work, std::function<void()> done);
  /// Waits until everything has been worked on, at most `limit`, and keeps the loop waiting for it: for the end of a
  /// program, when what has not begun is to be done all the same.
  void finish(Millis limit);
  /// How many jobs have not finished: a number that stays up names a disk that hangs.
  size_t pending() const;

 private:
  struct Job {
    std::function<void()> work, done;
  };
  void thread_main();
  void collect();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_, finished_;
  bool running_job_ = false;
  bool stopping_ = false;
  Fd event_fd_;
  Io io_;
  std::thread thread_;  // last: starts when all else is ready
};

}  // namespace picket
