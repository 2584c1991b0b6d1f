#pragma once
// Two small files in the run-time directory, which a reboot takes away: what the start gate leaves behind when it
// refuses a start, and an administrator's leave for one start that it would refuse.

#include <optional>
#include <string>

#include "core/facts.hpp"

namespace picket {

/// Where they are, below run_directory.
std::string start_note_path(const std::string& run_directory);
std::string start_leave_path(const std::string& run_directory);

/// The note; nothing when there is none, or none that makes sense.
std::optional<StartRefusal> read_start_note(const std::string& path);
/// Returns "" or "PATH: reason".
std::string write_start_note(const std::string& path, const StartRefusal& refusal);

/// How long a leave is good for.
constexpr Millis leave_good_for{600'000};
/// Gives leave for one start. Returns "" or "PATH: reason".
std::string write_start_leave(const std::string& path, Instant now);
/// Takes the leave away; whether there was one that still held.
bool use_start_leave(const std::string& path, Instant now);

}  // namespace picket
