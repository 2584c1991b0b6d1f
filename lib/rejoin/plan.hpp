#pragma once
// How an old primary becomes a standby of the present one, and what that costs: facts in, a plan out. Pure; each rule
// is a test in tests/rejoin (plan_test.cpp, plan_obstacles_test.cpp). The plan says what would be done even when
// something stands in the way, and then names it: nothing is done as long as a single obstacle is left.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rejoin/timeline_history.hpp"
#include "rejoin/wal_dump.hpp"

namespace picket {

/// This node's data directory, and what runs on it.
struct LocalData {
  /// `unproved`: something may run there, see `server_detail`. `streaming`: a standby of the primary already.
  enum class Server : uint8_t { stopped, primary, standby, streaming, unproved };
  Server server = Server::unproved;
  std::string server_detail;
  bool known = false;  ///< pg_control could be read
  std::string why_unknown;
  uint64_t system_identifier = 0;
  uint32_t timeline = 0;      ///< on which its write-ahead log ends
  std::string control_state;  ///< as pg_controldata prints it
  bool standby_signal = false;
  bool checksums = false, wal_log_hints = false;
  TimelineHistory history;            ///< of `timeline`, from its own pg_wal
  bool rewind_broken_off = false;     ///< an earlier pg_rewind began to change the data and did not end
  std::optional<WalTail> after_fork;  ///< what it wrote from the fork on; nothing = it could not be read
  std::string after_fork_unknown;     ///< why
  bool witness = false;
};

/// The primary that it is to follow.
struct PrimaryData {
  bool seen = false;  ///< a node answers as primary
  std::string why_not_seen;
  int id = 0;
  std::string name;
  std::vector<std::string> followers;
  bool certified = false;  ///< it and its followers are a majority, or the operator named it
  std::string rivals;      ///< not empty: others that claim to be primary too
  bool told = false;       ///< it has answered what follows
  std::string why_untold;
  uint64_t system_identifier = 0;
  uint32_t timeline = 0;
  uint32_t control_timeline = 0;  ///< of its latest checkpoint: pg_rewind goes by this one
  bool may_checkpoint = true;     ///< our role may order one
  TimelineHistory history;        ///< of `timeline`
  bool registered = true;         ///< repmgr.nodes there has it as the active primary
  /// Whether its log before the fork is byte for byte ours; nothing = it could not be compared.
  std::optional<bool> same_past;
};

/// What the file systems have to say.
struct Space {
  std::optional<uint64_t> archive_free, archive_needed;  ///< bytes
  std::optional<uint64_t> clone_free, clone_needed;
  std::string archive_folder, clone_folder;
  std::string cannot_move;   ///< why the data directory cannot be renamed aside, "" = it can
  std::string cannot_start;  ///< why this program has no means to start PostgreSQL, "" = it has
};

struct Wishes {
  bool clone = false;            ///< whatever pg_rewind could do
  bool without_archive = false;  ///< the diverged log may be lost
  bool automatic = false;        ///< nobody is watching: at most `max_lost` bytes, and never a clone
  uint64_t max_lost = 0;
};

enum class RejoinKind : uint8_t {
  none,              ///< cannot be said; the obstacles say why
  nothing_to_do,     ///< it is a standby of the primary, or the primary itself
  start_as_standby,  ///< it has nothing that the primary lacks
  rewind,            ///< pg_rewind
  clone,             ///< a new copy
};
std::string_view word(RejoinKind kind);

struct RejoinPlan {
  RejoinKind kind = RejoinKind::none;
  std::string reason;
  std::optional<Lsn> fork;
  std::optional<uint64_t> bytes_lost, transactions_lost;
  bool at_least = false;               ///< the two are the least: the log could be read in part only
  std::string lost_unknown;            ///< why the two are not known
  std::vector<std::string> obstacles;  ///< what must change first; empty = it can be done now
  bool checkpoint_first = false;       ///< the primary's control file lags behind its timeline
  bool recover_first = false;          ///< our server crashed: its log must be replayed before pg_rewind
  bool crashed_only = false;  ///< it crashed as a primary and has nothing more: it replays its log as a standby
  std::vector<std::string> steps;
};

/// Where the primary's history left our timeline; nothing where it never was on it.
std::optional<Lsn> fork_of(const LocalData& local, const PrimaryData& primary);

RejoinPlan plan_rejoin(const LocalData& local, const PrimaryData& primary, const Space& space, const Wishes& wishes);

/// For the terminal and the journal, several lines.
std::string plan_text(const RejoinPlan& plan, const LocalData& local, const PrimaryData& primary);

/// "16.0 MB"
std::string bytes_text(uint64_t bytes);

/// The same line with every password of a connection string in it (keyword or URI) shown as "***": programs print their
/// commands.
std::string without_passwords(std::string_view line);

}  // namespace picket
