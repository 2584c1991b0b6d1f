#pragma once
// A recording read and decided again: every entry goes through the same decide() as on the night in question. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flight/record.hpp"

namespace picket {

/// decide() asked again about an entry.
struct Replay {
  Verdict verdict;
  bool agrees = true;  ///< with what was recorded
};
/// For an entry of another kind than `note`.
Replay replay(const FlightRecord& record);

/// One entry as far as it can be read.
struct HistoryEntry {
  uint64_t sequence = 0;
  std::optional<FlightRecord> record;
  std::string error;                 ///< why there is no record, with number and offset
  std::vector<std::string> unlike;   ///< fields that differ between the version that wrote it and this one
  std::vector<std::string> changes;  ///< of the facts, since the entry before it of the same agent
  bool first = false;                ///< of its agent
  std::optional<Replay> again;       ///< unset for a note
};

struct History {
  std::string error;  ///< the file is no recording
  uint64_t damaged = 0;
  std::vector<HistoryEntry> entries;  ///< oldest first
};

/// Reads the bytes of a recording, whatever they are.
History read_history(std::string_view file);

struct HistoryOptions {
  size_t last = 0;       ///< only so many verdicts; 0 = all
  int64_t since_ms = 0;  ///< only entries from this moment on, milliseconds since 1970
  bool as_json = false;  ///< one JSON object a line
};

struct HistoryText {
  std::string text;
  bool agrees = true;  ///< every entry shown was read, and decided again as recorded
};
/// What `picket explain --history` prints. `name` is the file's. Times are in the local time zone, but in JSON.
HistoryText history_text(const History& history, const HistoryOptions& options, const std::string& name);

}  // namespace picket
