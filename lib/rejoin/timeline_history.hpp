#pragma once
// Timeline history files (pg_wal/0000000N.history): on which timelines a server's past lies, and where each was left.
// The format is that of PostgreSQL's readTimeLineHistory() (src/backend/access/transam/timeline.c). Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/facts.hpp"

namespace picket {

/// One line: the history left `timeline` at `end`, the first byte that is no longer part of it.
struct TimelineSwitch {
  uint32_t timeline = 0;
  Lsn end = 0;
  bool operator==(const TimelineSwitch&) const = default;
};

struct TimelineHistory {
  std::vector<TimelineSwitch> switches;  ///< oldest first; empty for timeline 1
  std::string error;                     ///< not empty: the text makes no sense, and `switches` is empty
};

/// Reads the text of the history file of `timeline`. Empty lines and comments (#) are skipped, as PostgreSQL does; a
/// line that is none, timelines that do not increase or do not lie before `timeline` are an error. Timeline 1 has no
/// such file: its history is empty.
TimelineHistory parse_timeline_history(std::string_view text, uint32_t timeline);

/// Where the history left `timeline`; nothing when that timeline is no part of it.
std::optional<Lsn> left_at(const TimelineHistory& history, uint32_t timeline);

/// Whether `older` is how `newer` began: each switch of it, at the same place. A timeline of the same number that
/// another server began elsewhere shows here.
bool begins_with(const TimelineHistory& newer, const TimelineHistory& older);

/// "0000000A.history"
std::string history_file_name(uint32_t timeline);

}  // namespace picket
