#pragma once
// What an agent leaves behind of a lease that it holds, for the next one of the same boot: which term, and until when
// it is valid at least. It lies in the run-time directory, which a reboot empties, and is written at each renewal; so a
// restarted agent goes on with the lease, and knows its end if nobody answers any more.

#include <optional>
#include <string>

#include "core/lease.hpp"

namespace picket {

struct HeldNote {
  Term term = 0;
  Instant until{};  ///< of the lease, by the clock since boot; Instant{} once another has replaced it
  bool operator==(const HeldNote&) const = default;
};

/// Nothing without a whole note, and for one that cannot be of this boot: until later than `now` + `duration`.
std::optional<HeldNote> read_held_note(const std::string& path, Instant now, Millis duration);

/// Returns "" or the error.
std::string write_held_note(const std::string& path, const HeldNote& note);

}  // namespace picket
