#pragma once
// This node's own write-ahead log behind the fork: counted with pg_waldump, and copied aside before anything changes
// it. Blocking.

#include <string>
#include <vector>

#include "rejoin/plan.hpp"

namespace picket {

/// Where PostgreSQL's programs and this node's log are.
struct WalPlace {
  std::string programs;        ///< folder with a slash at the end, or "" for the PATH
  std::string data_directory;  ///< canonical
  uint32_t timeline = 0;
  uint32_t segment_size = 0;
  Lsn checkpoint = 0;  ///< a place where a record surely begins
};

/// Counts what lies behind `fork`. On success `unknown` is empty; otherwise it says why it cannot be told.
std::optional<WalTail> read_wal_tail(const WalPlace& place, Lsn fork, std::string& unknown);

/// The files that hold it, as names in pg_wal.
std::vector<std::string> diverged_segments(const WalPlace& place, Lsn fork, const std::optional<WalTail>& tail);

/// Copies them, the history file and a summary (`text` and each commit) to `folder`, durably; it has that name only
/// when it is complete. Throws std::runtime_error.
void archive_wal(const WalPlace& place, Lsn fork, const std::vector<std::string>& segments, const std::string& text,
                 const std::string& folder);

/// Whether the log before the fork is byte for byte the primary's; nothing when it cannot be compared. `history` is the
/// primary's, of timeline `theirs`.
std::optional<bool> same_log_before(const WalPlace& place, Lsn fork, const TimelineHistory& history, uint32_t theirs,
                                    const std::string& conninfo);

}  // namespace picket
