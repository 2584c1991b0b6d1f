#pragma once
// Two network namespaces with a cable between them, and a real Keepalived in each. Nothing has a name outside: all is
// gone when the processes are, and they end with the test program.

#include <ifaddrs.h>
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "keepalived/folder.hpp"

namespace picket {

/// A network namespace that lives while the object does.
class NetworkNamespace {
 public:
  /// Throws std::runtime_error when the test may not make one.
  NetworkNamespace();
  ~NetworkNamespace();
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  pid_t holder() const { return holder_; }
  /// Runs a command line inside; throws when it fails.
  void run(const std::string& command) const;
  /// Runs `work` on a thread inside.
  void inside(const std::function<void()>& work) const;
  /// Whether an interface inside has this IPv4 address.
  bool has_address(const std::string& address) const;
  /// Whether the interface is up and has carrier. The kernel says so up to a second late, and Keepalived goes by it.
  bool is_running(const std::string& interface) const;

 private:
  bool any_address(const std::function<bool(const ifaddrs&)>& matches) const;
  pid_t holder_ = -1;
};

/// Two namespaces that are plugged into each other by their eth0, both with carrier.
struct Cable {
  Cable();
  NetworkNamespace left, right;
};

/// A node: its namespace, its folder (as /run/picket), its Keepalived.
class KeepalivedNode {
 public:
  static constexpr const char* address = "10.9.0.100";

  explicit KeepalivedNode(const NetworkNamespace& network);
  ~KeepalivedNode();

  /// `extra` goes into the vrrp_instance block. Does not wait for Keepalived to be ready.
  void start(const std::string& extra = "");
  /// SIGTERM and the end of the process; SIGKILL when it does not end within two seconds.
  void stop();
  void signal(int number) const;
  bool has_address() const { return network_.has_address(address); }

  std::string gate() const { return folder_ / "vrrp/gate"; }
  std::string rank() const { return folder_ / "vrrp/rank"; }
  std::string fifo() const { return folder_ / "notify.fifo"; }
  std::string vrrp_folder() const { return folder_ / "vrrp"; }
  /// What Keepalived wrote to its log.
  std::string log() const { return read_file(folder_ / "log"); }

 private:
  std::string configuration(const std::string& extra) const;

  const NetworkNamespace& network_;
  Folder folder_;
  pid_t keepalived_ = -1;
};

}  // namespace picket
