#pragma once
// Runs a program of the operator's, without a shell, beside the loop: neither its start nor its end is waited for. One
// at a time; one that does not end in time is killed with everything in its process group.

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/sources.hpp"
#include "loop/worker.hpp"

namespace picket {

/// A configured command as words: split at blanks. No quotes, no variables: who needs those writes a script.
std::vector<std::string> split_words(const std::string& command);

class Hook {
 public:
  /// `limit`: for how long one may run.
  Hook(Loop& loop, Millis limit);
  /// Kills the one that runs.
  ~Hook();
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;

  /// True from run() until the program is gone, also after it was killed: a process that hangs in the kernel stays.
  bool running() const { return running_; }

  /// Starts `words` (the first is the path of the program; not empty) with no input, our output (the journal), and no
  /// other descriptor of ours. Only when not running(). `ended` runs once, later: "exit 0 after 1.2 s", "ended by
  /// signal 6 after 0.1 s", "killed, since it did not end within 20.0 s", or "could not be started: REASON". May
  /// destroy this.
  void run(std::vector<std::string> words, std::function<void(const std::string& outcome)> ended);

 private:
  void started(pid_t pid, int error);
  void gone();
  void late();
  void tell(const std::string& outcome);

  Loop& loop_;
  const Millis limit_;
  bool running_ = false;
  pid_t pid_ = 0;
  Instant begun_{};
  std::function<void(const std::string&)> ended_;
  std::unique_ptr<ProcessWatch> watch_;
  Timer deadline_;
  Worker worker_;  // the program may be on a disk that hangs, and its start then waits
};

}  // namespace picket
