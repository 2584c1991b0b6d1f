#pragma once
// The steps of the way back that change something, each a program of PostgreSQL's or repmgr's run to its end. Blocking.
// A step that fails throws std::runtime_error with the program's last words.

#include <functional>
#include <string>
#include <string_view>

#include "rejoin/look.hpp"
#include "rejoin/run_program.hpp"

namespace picket {

class RejoinSteps {
 public:
  /// `heard` gets what the programs print.
  RejoinSteps(const Config& config, const RepmgrConf& repmgr, const RejoinPlace& place,
              std::function<void(std::string_view)> heard);
  /// Removes the copy of repmgr.conf and the password file that it made.
  ~RejoinSteps();
  RejoinSteps(const RejoinSteps&) = delete;
  RejoinSteps& operator=(const RejoinSteps&) = delete;

  /// Removes the postmaster.pid of a server that is proven dead.
  void forget_the_dead();
  /// Replays the log of a crashed server in single-user mode, for pg_rewind does not find Debian's configuration.
  void recover();
  /// `repmgr node rejoin --force-rewind --dry-run`: changes nothing. Returns whether pg_rewind would run.
  bool try_node_rejoin(const std::string& primary_conninfo);
  /// The same in earnest. `half_way` is told whenever the data begin or cease to be good for nothing, by pg_rewind's
  /// own words, and once when repmgr has ended; it must not throw.
  void node_rejoin(const std::string& primary_conninfo, const std::function<void(bool)>& half_way);
  /// Renames the data directory to `aside` and clones; configuration that lies in it stays this node's. After a failure
  /// the old one is back in its place.
  void clone(const std::string& primary_conninfo, int primary_id, const std::string& aside);
  /// Makes a standby of whatever starts on these data; durably.
  void write_standby_signal();
  /// `repmgr standby follow`, of the running standby.
  void follow(int primary_id);
  /// Starts PostgreSQL by its unit, or by repmgr.conf's command where there is none.
  void start_server();
  /// `repmgr standby register --force`
  void register_standby(int primary_id);

 private:
  Ran attempt(const std::vector<std::string>& command, Millis most,
              const std::function<void(std::string_view)>& line = {});
  /// attempt(), and an exception when it fails.
  void run(const std::vector<std::string>& command, Millis most);
  std::vector<std::string> node_rejoin_command(const std::string& primary_conninfo);
  std::string without_secret(const std::string& conninfo);
  std::string start_command() const;
  std::string own_repmgr_conf() const;
  const RepmgrConf& repmgr_;
  const RejoinPlace& place_;
  const std::string repmgr_conf_, pass_file_;
  std::vector<std::string> environment_;
  std::function<void(std::string_view)> heard_;
};

/// postgresql.conf of a data directory: in it, or where postgresql-common keeps it; "" = nowhere.
std::string configuration_of(const std::string& data_directory, const std::string& etc = "/etc/postgresql");

}  // namespace picket
