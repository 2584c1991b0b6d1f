#include "rejoin/run_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "loop/fd.hpp"
#include "loop/loop.hpp"
#include "loop/spawn.hpp"

namespace picket {
namespace {

constexpr size_t tail_size = 4096;

/// Cuts the stream into lines.
class Lines {
 public:
  Lines(const std::function<void(std::string_view)>& line, std::string& tail) : line_(line), tail_(tail) {}
  void take(std::string_view bytes) {
    rest_ += bytes;
    size_t begin = 0, end;
    for (; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1)
      tell(std::string_view(rest_).substr(begin, end - begin));
    rest_.erase(0, begin);
  }
  void end() {
    if (!rest_.empty()) tell(rest_);
  }

 private:
  void tell(std::string_view line) {
    if (line_) line_(line);
    tail_.append(line).append("\n");
    if (tail_.size() > 2 * tail_size) tail_.erase(0, tail_.size() - tail_size);
  }
  const std::function<void(std::string_view)>& line_;
  std::string& tail_;
  std::string rest_;
};

}  // namespace

Ran run_program(const std::vector<std::string>& command, Millis most, const std::function<void(std::string_view)>& line,
                const std::vector<std::string>& environment) {
  Ran ran;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    ran.tail = std::string("pipe: ") + std::strerror(errno);
    return ran;
  }
  const Fd in{ends[0]};
  Fd out{ends[1]};
  pid_t pid = 0;
  Start start{command, out.get(), environment};
  start.environment.push_back("LC_ALL=C");
  const int error = start_program(start, pid);
  out.reset();
  if (error != 0) {
    ran.code = 127;
    ran.tail = command[0] + ": cannot be started: " + std::strerror(error);
    return ran;
  }
  const Instant due = boot_now() + most;
  Lines lines(line, ran.tail);
  char bytes[16384];
  // The end of the output is not the end of the program: a server that it started may keep the pipe open.
  int status = 0;
  bool ended = false;
  while (!ended) {
    pollfd ready{in.get(), POLLIN, 0};
    poll(&ready, 1, 100);
    ssize_t got = 0;
    if (ready.revents & POLLIN && (got = read(in.get(), bytes, sizeof bytes)) > 0)
      lines.take({bytes, static_cast<size_t>(got)});
    if (ready.revents & POLLHUP && got <= 0) usleep(20'000);
    if (got <= 0) ended = waitpid(pid, &status, WNOHANG) == pid;
    if (most > Millis{0} && !ran.late && boot_now() > due) {
      ran.late = true;
      kill(-pid, SIGKILL);
    }
  }
  fcntl(in.get(), F_SETFL, O_NONBLOCK);
  for (ssize_t got; (got = read(in.get(), bytes, sizeof bytes)) > 0;) lines.take({bytes, static_cast<size_t>(got)});
  lines.end();
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (ran.tail.size() > tail_size) ran.tail.erase(0, ran.tail.size() - tail_size);
  return ran;
}

}  // namespace picket
