#pragma once
// Real PostgreSQL servers for tests: each lives in its own temporary folder, listens on a free loopback port and on a
// socket in that folder, runs as user postgres, and is gone with its object. One initdb per test program; every primary
// is a copy of it, so they all carry the same system identifier. For root only. Every failure is a std::runtime_error
// with the reason.

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace picket::test {

/// Where initdb and postgres are: the newest version below /usr/lib/postgresql.
const std::string& postgres_binaries();

/// A TCP port of 127.0.0.1 that nobody listened on a moment ago.
int free_port();

/// Runs a program as user postgres, its output added to `log`; returns its exit code.
int run_as_postgres(const std::vector<std::string>& command, const std::string& log = "/dev/null");

class Throwaway {
 public:
  /// A primary, not started.
  Throwaway();
  /// Stops the server at once and removes the folder.
  ~Throwaway();
  Throwaway(const Throwaway&) = delete;
  Throwaway& operator=(const Throwaway&) = delete;

  /// A standby of this running server by pg_basebackup -R, not started. `name` becomes its application_name.
  std::unique_ptr<Throwaway> make_standby(const std::string& name = "standby");

  /// Adds a line to postgresql.conf; the server reads it when it starts.
  void setting(const std::string& line);
  /// Replaces pg_hba.conf by these lines. It begins as "all may, from everywhere".
  void access(const std::string& lines);
  /// Tells a running server to read pg_hba.conf and postgresql.conf again.
  void reload();

  /// Starts the server and waits until it accepts connections.
  void start();
  /// Starts the server and waits for nothing.
  void start_only();
  /// "smart", "fast" or "immediate"; waits until the postmaster ended.
  void stop(const std::string& mode = "fast");
  /// Kills the postmaster alone, as the OOM killer would, and reaps it.
  void kill9();
  /// Stops the postmaster alone with SIGSTOP, and lets it go on. Sessions go on meanwhile.
  void freeze();
  void thaw();
  /// Makes a standby a primary (file `promote` and SIGUSR1, as pg_ctl does) and does not wait.
  void promote();
  /// Waits until it follows its primary.
  void wait_streaming();

  /// Runs SQL as the superuser on a connection of its own; returns the first cell, "" for NULL or none.
  std::string sql(const std::string& text);

  /// Connection strings over TCP and over the socket, database postgres.
  std::string conninfo(const std::string& user = "postgres") const;
  std::string socket_conninfo(const std::string& user = "postgres") const;

  /// The postmaster's pid, 0 when none was started.
  pid_t pid() const { return pid_; }
  int port() const { return port_; }
  const std::string& folder() const { return folder_; }
  std::string data() const { return folder_ + "/data"; }
  std::string log() const { return folder_ + "/log"; }

 private:
  explicit Throwaway(std::string folder);
  void configure();
  void clear_up_after_kill9();
  std::string folder_;
  int port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace picket::test
