#pragma once
// What the adapters report: plain values, each with the moment it was asked for. Not being able to look is a value too
// (an empty optional or an `unknown`, with the reason beside it). Nothing here decides.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace picket {

/// A byte position in the write-ahead log; 0 where none is known.
using Lsn = uint64_t;

/// Numbers the holders of the lease; strictly increasing, each for one node only. 0 = none.
using Term = uint64_t;

enum class Role : uint8_t { unknown, primary, standby };

/// What became of one attempt to talk to a PostgreSQL server.
enum class Answer : uint8_t {
  none_yet,               ///< no attempt has ended
  ok,                     ///< connected (and, on the held session, the query answered)
  starting,               ///< 57P03: the server is starting up or replaying
  stopping,               ///< 57P03: the server is shutting down
  too_many_connections,   ///< 53300: alive, its slots are taken
  authentication_failed,  ///< 28xxx: alive, it does not let us in
  refused,                ///< nothing listens (ECONNREFUSED, or no socket file)
  unreachable,            ///< the network says no (EHOSTUNREACH, ENETUNREACH, ...)
  timed_out,              ///< no answer within the attempt's deadline
  closed,                 ///< an open session ended (EOF, reset, terminated by an administrator)
  garbage,                ///< something answered that is not PostgreSQL, or rows that make no sense
  failed,                 ///< any other error, in `detail`
};

/// True when a living PostgreSQL must have produced this answer.
constexpr bool from_postgresql(Answer a) {
  return a == Answer::ok || a == Answer::starting || a == Answer::stopping || a == Answer::too_many_connections ||
         a == Answer::authentication_failed;
}

/// One way of asking a server: the session held open, or a fresh connection each time. Each lies in a different
/// failure: a session goes on while the postmaster is frozen; a fresh connection is refused while all slots are taken.
struct Attempts {
  Answer answer = Answer::none_yet;       ///< of the latest attempt that ended
  std::string detail;                     ///< the server's or the system's own words, empty when ok
  Instant asked{};                        ///< when that attempt began
  Instant ended{};                        ///< when it ended
  std::optional<Instant> answered_asked;  ///< when the latest attempt that PostgreSQL answered began
  std::optional<Instant>
      silent_since;  ///< beginning of the first of the unbroken run of timed-out attempts; unset if none
};

/// A row of pg_stat_replication: somebody who streams from this server.
struct Follower {
  std::string application_name;  ///< repmgr sets it to the node's name
  std::string client_addr;       ///< empty for a UNIX socket
  std::string state;             ///< "streaming", "catchup", ...
  std::string sync_state;        ///< "async", "sync", "quorum", "potential"
  Lsn replay_lsn = 0;
  int client_port = 0;  ///< with client_addr the other end of its session; -1 for a UNIX socket, 0 not known
};

/// pg_stat_wal_receiver of a standby.
struct Receiver {
  std::string status;  ///< "streaming", ...; empty when the columns are hidden from us (no pg_monitor)
  std::string sender_host;
  int sender_port = 0;
  uint32_t timeline = 0;   ///< received_tli
  Lsn latest_end_lsn = 0;  ///< how far the sender said it was
  Millis message_age{0};   ///< since the last message of the sender, by that server's own clock
};

/// The answer to the one status query on a server.
struct ServerFacts {
  Role role = Role::unknown;
  uint32_t timeline = 0;  ///< primary: of the current WAL file; standby: received, else of the replayed WAL; 0 unknown
  uint64_t system_identifier = 0;  ///< 0 unknown
  Lsn lsn = 0;                     ///< primary: current write position; standby: received (or replayed, if greater)
  Lsn replay_lsn = 0;              ///< standby only
  /// Of a primary: another number once a transaction that had written has ended, or one was prepared; 0 unknown. The
  /// log grows without that too: checkpoints, most vacuums, a switch to the next file.
  int64_t transactions = 0;
  Lsn insert_lsn = 0;  ///< of a primary: where its next record goes, read after `transactions`; written a moment later
  std::optional<Millis> replay_delay;  ///< age of the last replayed commit, by the server's clock
  bool replay_paused = false;
  int64_t started_us = 0;  ///< pg_postmaster_start_time(), microseconds since 1970: tells one postmaster from the next
  int server_version = 0;  ///< 150020 = 15.20
  std::optional<Receiver> receiver;
  std::vector<Follower> followers;
};

/// One PostgreSQL server as its probe sees it.
struct ServerView {
  Attempts session;
  Attempts fresh;
  std::optional<ServerFacts> facts;  ///< from the latest status query that succeeded
  Instant facts_asked{};             ///< when that query was sent
};

/// The local postmaster as the operating system shows it (postmaster.pid, pidfd, control group).
struct PostmasterFacts {
  enum class Process : uint8_t { unknown, absent, alive };
  Process process = Process::unknown;
  std::string why_unknown;
  int pid = 0;
  std::string status;  ///< line 8 of postmaster.pid: "starting", "ready", "stopping", "standby"; empty if not there
  int survivors = 0;   ///< server processes that outlived a dead postmaster; -1 = could not look
  /// Looked at after the end: postmaster.pid is still there. A server that is shut down, in whatever way, removes it
  /// itself; one that was killed or crashed cannot. (Debian's ExecStop= tidies it up a moment later.)
  bool left_pid_file = false;
  /// The kernel says that it has ended, and what it left is being looked at: `alive` until that is known, a moment
  /// later, but nobody is sent to it any more.
  bool ended = false;
  Instant seen{};
};

/// What the data directory says about how PostgreSQL would start.
struct DiskFacts {
  bool known = false;
  std::string why_unknown;
  uint64_t system_identifier = 0;
  uint32_t checkpoint_timeline = 0;  ///< lags behind the truth until the next checkpoint
  uint32_t recovery_timeline = 0;    ///< that recovery must reach (minRecoveryPointTLI); a promotion sets it at once
  std::string control_state;         ///< as pg_controldata prints it, e.g. "in production"
  bool standby_signal = false;       ///< standby.signal is there
  bool recovery_signal = false;
  bool backup_label = false;
  bool half_rewound = false;  ///< by the record of the way back: a pg_rewind began to change it, and did not end
};

/// The systemd unit of PostgreSQL.
struct UnitFacts {
  bool known = false;
  std::string why_unknown;  ///< e.g. "D-Bus: connection refused"
  std::string name;         ///< e.g. "postgresql@15-main.service"
  std::string active_state;
  std::string sub_state;
  std::string job;            ///< "", or the type of the queued job: "start", "stop", "restart"
  std::string control_group;  ///< path below the cgroup mount, "" when none
};

/// The virtual address on this host.
struct AddressFacts {
  enum class State : uint8_t { not_configured, unknown, absent, present };
  State state = State::not_configured;
  std::string why_unknown;
  std::string address;
};

struct KeepalivedFacts {
  enum class State : uint8_t { unknown, dead, alive };
  State state = State::unknown;
  std::string why_unknown;
  std::string last_notify;  ///< last line of the notify FIFO or of `picket notify`; history, never current truth
};

/// The durable fence marker.
struct MarkerFacts {
  enum class State : uint8_t { unknown, none, fenced, malformed };
  State state = State::unknown;
  std::string why;                   ///< why unknown or malformed
  std::vector<std::string> reasons;  ///< "stale", "isolated", "hung", "unreachable", "operator"
  std::string sentence;              ///< why it was written
  uint32_t timeline = 0;             ///< ours when it was written
};

/// A row of repmgr.nodes.
struct Node {
  enum class Type : uint8_t { unknown, primary, standby, witness };
  int id = 0;
  std::string name;
  Type type = Type::unknown;
  bool active = false;
  int upstream_id = 0;  ///< 0 = none
  int priority = 100;
  std::string conninfo;
  std::string host;  ///< host or hostaddr of conninfo
  int port = 5432;
};

struct Peer {
  Node node;
  ServerView server;
};

/// What the start gate left behind when it refused a start (/run/picket/start-refused.json).
struct StartRefusal {
  std::string row;  ///< word(GateRow)
  std::string sentence;
};

/// What another voter's agent last said of itself, and of whose PostgreSQL it does not reach.
struct VoterWord {
  int voter = 0;
  Instant at{};  ///< when it was heard
  Role role = Role::unknown;
  uint32_t timeline = 0;
  Lsn lsn = 0;  ///< of a standby: received
  uint64_t system_identifier = 0;
  bool fenced = false;
  bool maintenance = false;
  std::vector<int> unreachable;  ///< node ids
};

/// How the lease stands here (core/lease.hpp); there is one at level lease only.
struct LeaseFacts {
  int voters = 0;
  int majority = 0;  ///< of them
  Millis heartbeat{500};
  Term term = 0;     ///< held, valid or not; 0 = not held
  bool had = false;  ///< it was ours under this server, as far as this boot's runs of the agent have noted
  Instant valid_until = Instant::min();    ///< before that moment nobody else can hold one
  Instant confirmed = Instant::min();      ///< when the newest heartbeat was sent that a majority has acknowledged
  Term won_term = 0;                       ///< the newest holder that is known by its heartbeat
  int won_by = 0;                          ///< and its node
  std::optional<Instant> winner_promoted;  ///< that node's agent says that its server is a primary: when it last did
  bool bound = false;                      ///< as a voter, to another who holds it or may have won it
  bool campaigning = false;                ///< a promotion here waits for the lease, or is under way with it
  std::vector<VoterWord> words;            ///< of each other voter that was ever heard, the latest
};

/// Everything known at one moment. The shell fills it; decide() reads it.
struct Board {
  int self_id = 0;
  std::string self_name;
  std::string self_host;
  int self_port = 5432;
  int self_priority = 100;   ///< repmgr's, by its list of nodes; 0 = never promoted
  bool nodes_known = false;  ///< repmgr.nodes has been read at least once
  std::string nodes_why_unknown;
  bool nodes_lost = false;       ///< a list was kept here, and it cannot be read
  bool self_is_witness = false;  ///< by that list, or by the configuration of a node without PostgreSQL
  ServerView server;             ///< the local PostgreSQL
  PostmasterFacts postmaster;
  DiskFacts disk;
  UnitFacts unit;
  AddressFacts address;
  KeepalivedFacts keepalived;
  MarkerFacts marker;
  std::vector<Peer> peers;  ///< every other registered node, witness included
  std::optional<StartRefusal> start_refused;
  std::optional<LeaseFacts> lease;
  bool fence_in_progress = false;  ///< a ladder is climbing right now
  Instant started{};               ///< of this agent
};

}  // namespace picket
