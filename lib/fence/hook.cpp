#include "fence/hook.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <system_error>
#include <utility>

#include "loop/spawn.hpp"

namespace picket {
namespace {

std::string seconds(Millis time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(time.count()) / 1000);
  return text;
}

}  // namespace

std::vector<std::string> split_words(const std::string& command) {
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

Hook::Hook(Loop& loop, Millis limit) : loop_(loop), limit_(limit), deadline_(loop, [this] { late(); }), worker_(loop) {}

Hook::~Hook() {
  if (pid_ > 0) kill(-pid_, SIGKILL);  // who reaps it after us is init
}

void Hook::run(std::vector<std::string> words, std::function<void(const std::string&)> ended) {
  running_ = true;
  begun_ = boot_now();
  ended_ = std::move(ended);
  deadline_.start(limit_);
  struct Result {
    pid_t pid = 0;
    int error = 0;
  };
  const auto result = std::make_shared<Result>();
  worker_.run(
      [words = std::move(words), result] {
        result->error = start_program({words, -1, {}}, result->pid);
      },
      [this, result] { started(result->pid, result->error); });
}

void Hook::started(pid_t pid, int error) {
  if (error != 0) {
    running_ = false;
    deadline_.stop();
    return tell(std::string("could not be started: ") + std::strerror(error));
  }
  pid_ = pid;
  if (!ended_) kill(-pid_, SIGKILL);  // its start has taken all the time there was
  // A child of ours that nobody has reaped keeps its number.
  watch_ = std::make_unique<ProcessWatch>(loop_, pid_, [this] { gone(); });
}

void Hook::gone() {
  int status = 0;
  if (waitpid(std::exchange(pid_, 0), &status, WNOHANG) <= 0) status = -1;
  watch_.reset();
  running_ = false;
  deadline_.stop();
  const std::string after = " after " + seconds(boot_now() - begun_);
  if (status == -1) return tell("ended" + after);
  if (WIFSIGNALED(status)) return tell("ended by signal " + std::to_string(WTERMSIG(status)) + after);
  tell("exit " + std::to_string(WEXITSTATUS(status)) + after);
}

void Hook::late() {
  if (pid_ == 0) return tell("could not be started within " + seconds(limit_));
  kill(-pid_, SIGKILL);
  tell("killed, since it did not end within " + seconds(limit_));
}

void Hook::tell(const std::string& outcome) {
  const auto ended = std::exchange(ended_, nullptr);
  if (ended) ended(outcome);
}

}  // namespace picket
