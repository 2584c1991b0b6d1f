#pragma once
// picket.toml as a value. An empty text gives the defaults, and the defaults are those that config/picket.toml
// documents. Whatever is wrong (an unknown key, a wrong type, a bound out of range, two bounds that contradict each
// other) is one error that names the file and the line; a configuration is taken whole or not at all.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy.hpp"
#include "report/face_options.hpp"

namespace picket {

enum class LogLevel : uint8_t { debug, info, warning, error };

/// What this host is to the cluster. `witness`: it has no PostgreSQL and only votes (level lease).
enum class HostRole : uint8_t { node, witness };

struct Config {
  Policy policy;
  HostRole role = HostRole::node;
  int node_id = 0;  ///< of a witness, one of lease.voters; 0: from repmgr.conf
  struct Http {
    std::string listen;  ///< an IPv4 or IPv6 address; empty = all
    int port = 8008;
    Dialect dialect = Dialect::pgchk;
    std::string scope = "main";
    Tags tags;
    bool patroni_metrics = false;
    int percona_port = 0;         ///< 0: not served
    int clustercontrol_port = 0;  ///< likewise
  } http;
  struct Haproxy {
    int agent_primary_port = 0;  ///< 0: not served
    int agent_replica_port = 0;
  } haproxy;
  struct Repmgr {
    std::string conf = "/etc/repmgr.conf";
    Millis nodes_every{2000};  ///< between two readings of repmgr.nodes
  } repmgr;
  struct PostgreSql {
    std::string conninfo;        ///< empty = from repmgr.conf
    std::string data_directory;  ///< empty = from repmgr.conf
    std::string unit;            ///< empty = from the postmaster's control group
    Millis poll{250};            ///< between two queries on the held session
    Millis fresh_every{2000};    ///< between two fresh connections
    Millis session_deadline{1000};
    Millis connect_deadline{1000};
    Millis fresh_deadline{1000};
  } postgresql;
  struct Keepalived {
    std::string address;  ///< the virtual address, "10.0.0.5" or "10.0.0.5/24"; empty = not watched
    std::string unit = "keepalived.service";
    std::string gate_file = "/run/picket/vrrp/gate";
    std::string rank_file = "/run/picket/vrrp/rank";
    std::string notify_fifo = "/run/picket/notify.fifo";  ///< empty = none
  } keepalived;
  struct Fence {
    std::string watchdog;  ///< its device; empty = none
    Millis watchdog_timeout{10'000};
    std::string stonith_hook;  ///< a program and its first arguments, split at blanks; empty = none
  } fence;
  struct Voter {
    int id = 0;  ///< node id, > 0
    std::string host;
    int port = 8009;
    bool operator==(const Voter&) const = default;
  };
  struct Lease {
    std::vector<Voter> voters;  ///< in ascending order, each id once; empty: no lease
    std::string key = "/etc/picket/cluster.key";
    std::string listen;  ///< a numeric address; empty = all
    int port = 8009;
    Millis heartbeat{500};
    Millis duration{3000};  ///< the lease is valid for this long after sending a heartbeat that a majority acknowledged
    Millis drift{200};      ///< what clocks may differ over that time, and the scheduler
    Millis fence_within{2500};  ///< from the end of the lease to the proof that the server is dead
    bool client_gate = false;   ///< the kernel lets clients through only while the lease is valid
    int client_port = 6433;     ///< by which they come then
  } lease;
  struct Rejoin {
    bool automatic = false;           ///< start the way back of a stale node without being asked
    uint64_t max_lost = 16ULL << 20;  ///< bytes of log that it may cost then
  } rejoin;
  std::string run_directory = "/run/picket";
  std::string state_directory = "/var/lib/picket";
  LogLevel log_level = LogLevel::info;
  uint64_t flight_recorder = 4 * 1024 * 1024;  ///< bytes of flight.rec; 0 = none
};

/// what() is "FILE:LINE: message".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the text of a picket.toml; `filename` only names it in messages. Throws ConfigError.
Config load(std::string_view text, const std::string& filename);

/// Reads the file, blocking: for start-up and for commands. A file that does not exist gives the defaults; one that
/// cannot be read is a ConfigError ("FILE: cannot be read: ...").
Config load_file(const std::string& path);

}  // namespace picket
