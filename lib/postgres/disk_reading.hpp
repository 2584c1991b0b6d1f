#pragma once
// One look at a PostgreSQL data directory. The calls wait for the disk, so the loop has them done on a Worker; a
// program that lives for one question (the start gate) calls them directly.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/facts.hpp"
#include "postgres/pg_control.hpp"
#include "postgres/postmaster_pid.hpp"

namespace picket {

struct DiskReading {
  std::string error;               ///< the directory itself cannot be looked at; all else is then empty
  std::string canonical_path;      ///< without symbolic links, as /proc shows it
  uid_t owner = 0;                 ///< PostgreSQL runs as the owner of its data directory, or not at all
  uint64_t device = 0, inode = 0;  ///< tells one directory at this path from the next

  std::optional<PostmasterPid> pid_file;
  std::string pid_file_error;  ///< it is there and cannot be read or makes no sense

  DiskFacts disk;
  std::string timeline_history;  ///< the newest history file of pg_wal that can be read; empty on timeline 1
};

/// Looks at postmaster.pid, the signal files, global/pg_control and the newest timeline history file below `path`.
/// Never throws; blocks while the disk does.
DiskReading read_data_directory(const std::string& path);

}  // namespace picket
