#pragma once
// The one statement that a probe runs, and how its rows become ServerFacts. It works on PostgreSQL 13 to 17, on
// primaries and standbys, and for a role without pg_monitor, to whom the server shows NULLs. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "core/facts.hpp"
#include "postgres/rows.hpp"

namespace picket {

/// What is asked: all, or all but what stays as it is for as long as a session or a WAL sender lives, which is the
/// dearer half: the control file, and the name and address of who streams.
enum class StatusForm : uint8_t { whole, brief };

/// The statement: one row per entry of pg_stat_replication, at least one, the server's own columns repeated in each.
/// The brief form has the same columns, NULL where it does not ask.
const std::string& status_query(StatusForm form);

/// Decodes the rows of status_query(). Returns nothing and says in `error` which column made no sense.
std::optional<ServerFacts> decode_status(const Rows& rows, std::string& error);

/// A standby without a receiver shows a timeline that may lie behind what it has replayed, because pg_control is only
/// written now and then. One postmaster in recovery never goes back: `now` keeps the timeline that it showed before.
void keep_timeline(const ServerFacts& before, ServerFacts& now);

/// "16/B374D848" (docs 8.20) to a byte position; nothing when the text is no LSN.
std::optional<Lsn> parse_lsn(std::string_view text);

}  // namespace picket
