#pragma once
// The one statement that a probe runs, and how its rows become ServerFacts. It works on PostgreSQL 13 to 17, on
// primaries and standbys, and for a role without pg_monitor, to whom the server shows NULLs. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "core/facts.hpp"
#include "postgres/rows.hpp"

namespace picket {

/// The statement: one row per entry of pg_stat_replication, at least one, the server's own columns repeated in each.
const std::string& status_query();

/// Decodes the rows of status_query(). Returns nothing and says in `error` which column made no sense.
std::optional<ServerFacts> decode_status(const Rows& rows, std::string& error);

/// A standby without a receiver shows a timeline that may lie behind what it has replayed, because pg_control is only
/// written now and then. One postmaster in recovery never goes back: `now` keeps the timeline that it showed before.
void keep_timeline(const ServerFacts& before, ServerFacts& now);

/// "16/B374D848" (docs 8.20) to a byte position; nothing when the text is no LSN.
std::optional<Lsn> parse_lsn(std::string_view text);

}  // namespace picket
