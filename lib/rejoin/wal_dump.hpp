#pragma once
// What a server wrote that another one never got: read from the lines that pg_waldump prints (PostgreSQL documentation,
// "pg_waldump"), and the names of the files that hold it. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/facts.hpp"

namespace picket {

struct WalRecord {
  Lsn lsn = 0;
  uint32_t length = 0;       ///< of the whole record
  uint32_t transaction = 0;  ///< 0 = none
  bool commit = false;       ///< ends a transaction that its client may have been told of (COMMIT, COMMIT_PREPARED)
  std::string committed_at;  ///< as pg_waldump prints it; empty unless `commit`
};

/// One line of pg_waldump, e.g. "rmgr: Transaction len (rec/tot): 34/34, tx: 735, lsn: 0/824480, prev 0/824440, desc:
/// COMMIT 2026-11-22 00:59:04.892478 UTC"; nothing for any other line.
std::optional<WalRecord> parse_wal_line(std::string_view line);

constexpr uint32_t wal_page = 8192;  ///< XLOG_BLCKSZ of every packaged PostgreSQL

/// Behind the last byte of a record: on its way over the end of a page it makes room for that page's header
/// (XLogPageHeaderData, 24 bytes; 40 at the beginning of a segment).
Lsn end_of(const WalRecord& record, uint32_t segment_size);

/// What lies behind the fork.
struct WalTail {
  uint64_t records = 0;
  uint64_t commits = 0;
  Lsn end = 0;  ///< behind the last record; 0 = there is none
  std::string first_commit, last_commit;
  std::string cut_short;  ///< not empty: there is more, which could not be read, for this reason

  void add(const WalRecord& record);
  uint64_t bytes_from(Lsn fork) const { return end > fork ? end - fork : 0; }
};

/// The number of the segment that holds the byte at `lsn`.
uint64_t segment_of(Lsn lsn, uint32_t segment_size);

/// Of the names of a folder pg_wal, those of `timeline`'s segments (complete or .partial) from number `first` to number
/// `last`, sorted; behind the end of the log there are recycled ones. `segment_size` is a power of two from 1 MB to 1
/// GB.
std::vector<std::string> segments_between(const std::vector<std::string>& names, uint32_t timeline, uint64_t first,
                                          uint64_t last, uint32_t segment_size);

/// The number in such a name; 0 for one that is none.
uint64_t segment_number(std::string_view name, uint32_t segment_size);

/// "000000010000000000000002", the file of that segment.
std::string segment_name(uint32_t timeline, uint64_t number, uint32_t segment_size);

}  // namespace picket
