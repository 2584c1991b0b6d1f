#pragma once
// Blocking questions to a PostgreSQL server, for the programs of the way back; never for the daemon's loop. Every error
// is a std::runtime_error with the server's or the system's own words.

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "postgres/rows.hpp"
#include "rejoin/plan.hpp"

namespace picket {

class BlockingSession {
 public:
  /// Connects within five seconds per address; a peer that falls silent later is given up after about ten.
  /// `replication`: for the replication protocol (PostgreSQL documentation 55.4) instead of SQL.
  explicit BlockingSession(const std::string& conninfo, bool replication = false);

  /// One statement, simple protocol. `most` is the server's statement_timeout.
  Rows rows(const std::string& sql, Millis most = Millis{10'000});

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> conn_;
  bool replication_;
};

/// Asks the server of `node` for everything in PrimaryData from `told` on but same_past. An answer that it is no
/// primary, or a login that it refuses, leaves `told` false with the reason.
void ask_primary(const std::string& conninfo, int node_id, PrimaryData& into);

/// CHECKPOINT there, and then its pg_control's timeline.
uint32_t checkpoint_primary(const std::string& conninfo);

/// How large its databases are, in bytes.
uint64_t size_of_primary(const std::string& conninfo);

/// `length` bytes of a file below its data directory, from `offset` on; nothing when it is not there or we may not.
std::optional<std::string> bytes_of_primary(const std::string& conninfo, const std::string& path, uint64_t offset,
                                            uint64_t length);

/// Whether node `name` streams from it.
bool is_followed_by(const std::string& conninfo, const std::string& name);

}  // namespace picket
