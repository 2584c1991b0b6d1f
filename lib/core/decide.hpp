#pragma once
// The one decision of picket. Pure and total: facts, memory and the time go in, a verdict and the next memory come out.
// Nothing else in the program decides anything.

#include "core/facts.hpp"
#include "core/memory.hpp"
#include "core/policy.hpp"
#include "core/table.hpp"
#include "core/verdict.hpp"

namespace picket {

struct Step {
  Memory memory;
  Verdict verdict;
  Signals signals;  ///< what the table was asked, for `picket explain`
};

/// Decides at `now` (milliseconds since boot; must not run backwards). Costs microseconds; allocates only for the
/// sentence.
Step decide(const Memory& memory, const Board& board, Instant now, const Policy& policy);

}  // namespace picket
