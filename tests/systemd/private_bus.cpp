#include "systemd/private_bus.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "loop/fd.hpp"

namespace picket::test {

PrivateBus::PrivateBus() {
  std::string pattern = (std::filesystem::temp_directory_path() / "picket_bus_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  folder_ = pattern;
  address_ = "unix:path=" + folder_ + "/bus";
  std::ofstream(folder_ + "/bus.conf") << "<busconfig><type>session</type><listen>" << address_ << R"(</listen>
    <auth>EXTERNAL</auth>
    <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
    </busconfig>)";
}

PrivateBus::~PrivateBus() {
  stop();
  std::filesystem::remove_all(folder_);
}

void PrivateBus::start() {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) < 0) throw std::runtime_error("pipe");
  const Fd reader{ready[0]};
  Fd writer{ready[1]};
  pid_ = fork();
  if (pid_ == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    // The daemon prints its address once it listens.
    dup2(writer.get(), 3);
    const std::string log = folder_ + "/log";
    dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
    const std::string config = "--config-file=" + folder_ + "/bus.conf";
    execlp("dbus-daemon", "dbus-daemon", config.c_str(), "--nofork", "--nopidfile", "--print-address=3", nullptr);
    _exit(127);
  }
  writer.reset();
  char byte = 0;
  if (read(reader.get(), &byte, 1) != 1) {
    stop();
    throw std::runtime_error("dbus-daemon does not start (package dbus-daemon)");
  }
}

void PrivateBus::stop() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
  std::filesystem::remove(folder_ + "/bus");
}

void PrivateBus::freeze() {
  kill(pid_, SIGSTOP);
  waitpid(pid_, nullptr, WUNTRACED);
}

void PrivateBus::thaw() { kill(pid_, SIGCONT); }

}  // namespace picket::test
