#include "keepalived/two_nodes.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "loop/fd.hpp"

namespace picket {
namespace {

std::string namespace_file(pid_t pid) { return "/proc/" + std::to_string(pid) + "/ns/net"; }

/// Enters the namespace of `pid` with the calling thread or process.
bool enter(pid_t pid) {
  const Fd fd(open(namespace_file(pid).c_str(), O_RDONLY | O_CLOEXEC));
  return fd && setns(fd.get(), CLONE_NEWNET) == 0;
}

void end(pid_t pid, int signal_number, std::chrono::milliseconds patience) {
  if (pid <= 0) return;
  kill(pid, signal_number);
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (waitpid(pid, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > limit) kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

NetworkNamespace::NetworkNamespace() {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  const Fd readable(ready[0]), writable(ready[1]);
  holder_ = fork();
  if (holder_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char made = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
    if (write(ready[1], &made, 1) == 1) pause();
    _exit(0);
  }
  char made = 'n';
  if (read(readable.get(), &made, 1) == 1 && made == 'y') return;
  end(holder_, SIGKILL, std::chrono::seconds(1));
  throw std::runtime_error("this test may not make a network namespace");
}

NetworkNamespace::~NetworkNamespace() { end(holder_, SIGKILL, std::chrono::seconds(1)); }

void NetworkNamespace::run(const std::string& command) const {
  const std::string line = "nsenter --net=" + namespace_file(holder_) + " " + command;
  if (std::system(line.c_str()) != 0) throw std::runtime_error("failed: " + line);
}

void NetworkNamespace::inside(const std::function<void()>& work) const {
  bool entered = false;
  std::thread([&] {
    entered = enter(holder_);
    if (entered) work();
  }).join();
  if (!entered) throw std::runtime_error("setns");
}

bool NetworkNamespace::any_address(const std::function<bool(const ifaddrs&)>& matches) const {
  bool found = false;
  inside([&] {
    ifaddrs* all = nullptr;
    if (getifaddrs(&all) != 0) return;
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) found = found || matches(*one);
    freeifaddrs(all);
  });
  return found;
}

bool NetworkNamespace::has_address(const std::string& address) const {
  return any_address([&](const ifaddrs& one) {
    if (one.ifa_addr == nullptr || one.ifa_addr->sa_family != AF_INET) return false;
    char text[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one.ifa_addr)->sin_addr, text, sizeof text);
    return address == text;
  });
}

bool NetworkNamespace::is_running(const std::string& interface) const {
  return any_address(
      [&](const ifaddrs& one) { return interface == one.ifa_name && (one.ifa_flags & IFF_RUNNING) != 0; });
}

Cable::Cable() {
  left.run("ip link add eth0 type veth peer name eth0 netns " + std::to_string(right.holder()));
  left.run("ip addr add 10.9.0.1/24 dev eth0");
  right.run("ip addr add 10.9.0.2/24 dev eth0");
  for (const NetworkNamespace* side : {&left, &right}) {
    side->run("ip link set lo up");
    side->run("ip link set eth0 up");
  }
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!left.is_running("eth0") || !right.is_running("eth0")) {
    if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("no carrier");
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

KeepalivedNode::KeepalivedNode(const NetworkNamespace& network) : network_(network) {
  std::filesystem::create_directory(vrrp_folder());
}

KeepalivedNode::~KeepalivedNode() { stop(); }

/// The shape of config/keepalived.conf, without what cannot work in a namespace (vrrp_track_process), and quicker.
std::string KeepalivedNode::configuration(const std::string& extra) const {
  return "global_defs {\n  vrrp_version 3\n  vrrp_notify_fifo " + fifo() +
         "\n}\n"
         "track_file gate {\n  file \"" +
         gate() +
         "\"\n  weight 0 reverse\n}\n"
         "track_file rank {\n  file \"" +
         rank() +
         "\"\n  weight 1\n}\n"
         "vrrp_instance VI_1 {\n  state BACKUP\n  interface eth0\n  virtual_router_id 51\n  priority 100\n"
         "  advert_int 0.1\n  track_file {\n    gate\n    rank\n  }\n  virtual_ipaddress {\n    " +
         address + "/24 dev eth0\n  }\n  " + extra + "\n}\n";
}

void KeepalivedNode::start(const std::string& extra) {
  write_file(folder_ / "keepalived.conf", configuration(extra));
  const std::string conf = folder_ / "keepalived.conf", pid = folder_ / "pid", vrrp_pid = folder_ / "vrrp.pid";
  const std::string log = folder_ / "log";
  keepalived_ = fork();
  if (keepalived_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || !enter(network_.holder())) _exit(127);
  execl("/usr/sbin/keepalived", "keepalived", "--dont-fork", "--vrrp", "--log-console", "--no-syslog", "-f",
        conf.c_str(), "-p", pid.c_str(), "-r", vrrp_pid.c_str(), nullptr);
  _exit(127);
}

void KeepalivedNode::stop() {
  end(keepalived_, SIGTERM, std::chrono::seconds(2));
  keepalived_ = -1;
}

void KeepalivedNode::signal(int number) const {
  if (keepalived_ > 0) kill(keepalived_, number);
}

}  // namespace picket
