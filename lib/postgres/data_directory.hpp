#pragma once
// Watches the local data directory and its postmaster: inotify on the files that announce a change, a pidfd that tells
// the postmaster's end at once, and a look each second. Files are read on a Worker, since the disk may hang: a look
// that is not back in time makes the facts unknown, and is not waited for.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "loop/loop.hpp"
#include "loop/sources.hpp"
#include "loop/worker.hpp"
#include "postgres/disk_reading.hpp"
#include "postgres/processes.hpp"

namespace picket {

class DataDirectory {
 public:
  /// Begins at once. `disk` must outlive this. `changed` runs on the loop after every look and when the postmaster
  /// ends; a promotion (files `promote`, standby.signal, a new pg_wal/*.history) makes it run too: a hint to ask the
  /// server.
  DataDirectory(Loop& loop, Worker& disk, std::string path, std::function<void()> changed);
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const PostmasterFacts& postmaster() const { return postmaster_; }
  const DiskFacts& disk() const { return disk_; }
  /// The path as /proc/PID/cwd shows it (realpath(3)); as configured until the first look found it.
  const std::string& canonical_path() const { return canonical_path_.empty() ? path_ : canonical_path_; }
  /// Of the directory, as last looked at; nothing until then.
  const std::optional<uid_t>& owner() const { return owner_; }
  /// postmaster.pid as last read; nothing when there is none.
  const std::optional<PostmasterPid>& pid_file() const { return pid_file_; }
  /// The newest timeline history file as last read; empty when there is none.
  const std::string& timeline_history() const { return timeline_history_; }
  /// Looks now instead of at the next second.
  void look_now();

  /// How long a look may take before its facts count as unknown.
  static constexpr Millis look_deadline{2000};
  /// How long a postmaster that has ended may wait for such a look before it counts as absent all the same.
  static constexpr Millis ended_for{200};

 private:
  struct Look;
  void finish(const Look& look);
  void late();
  void second();
  void take(const Look& look);
  void take_pid_file(const DiskReading& reading);
  void watch_paths(const DiskReading& reading);
  void watch_wal();
  void unwatch_paths();
  void watch_postmaster();
  void postmaster_ended();
  void set_absent();
  void set_unknown(const std::string& why);
  void count_survivors(const std::optional<std::vector<ServerProcess>>& processes);
  void tell();

  Loop& loop_;
  Worker& worker_;
  std::string path_;
  std::string canonical_path_;
  std::optional<uid_t> owner_;
  std::function<void()> changed_;
  PostmasterFacts postmaster_;
  DiskFacts disk_;
  std::string timeline_history_;
  std::optional<PostmasterPid> pid_file_;
  std::optional<Instant> absent_since_;  ///< a process that began later is no survivor
  std::shared_ptr<Look> running_;        ///< its `owner` is cleared when this dies first
  bool look_again_ = false;
  uint64_t watched_device_ = 0, watched_inode_ = 0;
  std::unique_ptr<PathWatch> directory_watch_, wal_watch_;
  std::unique_ptr<ProcessWatch> postmaster_watch_;
  Timer each_second_, deadline_, survivors_timer_;
};

}  // namespace picket
