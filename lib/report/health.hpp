#pragma once
// The health checks' answers: path and snapshot to status and body. The three paths of the guide's pgchk.py answer with
// its bytes (docs/contracts.md §2.4); the other paths are Patroni's names (§2.1). Pure; allocates nothing.

#include <string>
#include <string_view>

#include "report/snapshot.hpp"

namespace picket {

struct HealthAnswer {
  int status = 503;
  std::string_view body;  ///< static text, one line with its LF
  std::string verdict;    ///< for the header Picket-Verdict: "<generation> <rule>", or "0 none" without a snapshot
};

/// `path` without the query; one slash at its end is tolerated. `snapshot` may be null (nothing decided yet). One that
/// was decided more than `max_age` before `now` proves nothing: 503 on every path but /liveness, which bears twice that
/// age.
HealthAnswer health(std::string_view path, const Snapshot* snapshot, Instant now, Millis max_age);

/// Whether the local PostgreSQL is known to run: its role was read over the open session not longer than `max_age` ago.
bool postgresql_up(const Board& board, Instant now, Millis max_age);

}  // namespace picket
