#pragma once
// Proof of death: that no process of one PostgreSQL server is left that could still commit. "The port refuses" is not a
// proof (orphaned backends go on committing), nor is an inactive unit; four things are looked at, and what could not be
// looked at proves nothing. Reads only /proc, the cgroup file systems, IPC and sockets: nothing that waits for a disk.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "fence/doors.hpp"
#include "netlink/sockets.hpp"

namespace picket {

/// The server to be stopped. Empty or zero where something is not known or not configured.
struct FenceTarget {
  std::string unit;            ///< "postgresql@15-main.service"; empty: run by no unit we know
  std::string data_directory;  ///< canonical (realpath(3)): compared with /proc/PID/cwd
  std::optional<uid_t> owner;  ///< of the data directory: its server has no processes of other users; unset: unknown
  std::string
      control_group;       ///< of the unit, below the cgroup mount, e.g. "/system.slice/.../postgresql@15-main.service"
  int postmaster_pid = 0;  ///< first line of postmaster.pid; a hint, checked before use
  int shared_memory_id = -1;      ///< second number in line 7 of postmaster.pid; -1 = not known
  std::string tcp_host;           ///< a numeric address the server listens on; empty or a name: the loopback addresses
  int port = 0;                   ///< 0: the sockets are not tried
  std::string socket_folder;      ///< unix_socket_directories; empty: no UNIX socket
  std::string virtual_address;    ///< numeric, without prefix length: by which clients come; empty: none
  std::vector<FarEnd> followers;  ///< the other ends of the sessions that stream WAL from it
  bool operator==(const FenceTarget&) const = default;
};

struct Proof {
  bool proved = false;
  std::string sentence;  ///< each of the four with what was seen
};

class Prover {
 public:
  explicit Prover(FenceTarget target);
  /// Looks once, without waiting.
  Proof look() const;
  /// Why a proof could not be given here even of a dead server: what cannot be looked at; empty when everything can.
  /// Does not knock at the doors.
  std::string blind() const;

 private:
  FenceTarget target_;
  Doors doors_;
};

}  // namespace picket
