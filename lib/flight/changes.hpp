#pragma once
// What changed from one board to the next, in words: what a reader of the recording sees first, and what the recorder
// keeps a moment for. Positions and ages, which change all the time, are no change. Pure.

#include <string>
#include <vector>

#include "core/facts.hpp"

namespace picket {

/// One short sentence for each fact that differs, such as "pg2: session ok -> timed out, silent for 1.2 s". `now` is
/// the moment of `after`. Empty when nothing that could move a verdict has changed.
std::vector<std::string> fact_changes(const Board& before, const Board& after, Instant now);

/// "1.25 s": seconds with two decimals.
std::string seconds_text(Millis duration);

}  // namespace picket
