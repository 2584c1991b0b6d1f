#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <iostream>

#include "config/config.hpp"
#include "keepalived/vrrp_files.hpp"
#include "loop/fd.hpp"
#include "start_note.hpp"
#include "verbs/beside.hpp"
#include "verbs/verbs.hpp"

namespace picket {

int verb_gate_close(const Context& context) {
  Config config;  // the default paths, should the file be the very thing that is wrong
  try {
    config = load_file(context.config_path);
  } catch (const ConfigError& error) {
    std::cerr << "picket: " << error.what() << "; closing the gate at its default place\n";
  }
  if (config.role == HostRole::witness) return 0;  // it never had one
  // Whatever the level: a gate that an agent at another level left open would stay so. But not under a living agent.
  const Fd folder{open(config.run_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder && flock(folder.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return 0;
  VrrpFiles files(config.keepalived.gate_file, config.keepalived.rank_file);
  files.close_gate();
  if (files.problem().empty()) return 0;
  std::cerr << "picket: " << files.problem() << "\n";
  return 1;
}

int verb_gate_start(const Context& context, const std::string& instance) {
  const std::string program = beside_this("picketd");
  execl(program.c_str(), "picket-gate", "--config", context.config_path.c_str(), "--gate-start", instance.c_str(),
        static_cast<char*>(nullptr));
  std::cerr << "picket start gate: refused: " << program << ": " << std::strerror(errno) << "\n";
  return 1;
}

int verb_gate_allow_once(const Context& context) {
  Config config;
  try {
    config = load_file(context.config_path);
  } catch (const ConfigError& error) {
    std::cerr << "picket: " << error.what() << "\n";
    return 2;
  }
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const Instant at{Millis{now.tv_sec * 1000 + now.tv_nsec / 1'000'000}};
  const std::string error = write_start_leave(start_leave_path(config.run_directory), at);
  if (!error.empty()) {
    std::cerr << "picket: " << error << "\n";
    return 2;
  }
  std::cout
      << "the next start within ten minutes is let through, unless another primary is proven or this node is fenced\n";
  return 0;
}

}  // namespace picket
