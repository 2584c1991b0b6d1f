#pragma once
// Words for what only the reports show. Role and Answer have theirs in core/words.hpp, the verdict in core/verdict.hpp.

#include <string>
#include <string_view>

#include "core/facts.hpp"
#include "core/policy.hpp"
#include "core/words.hpp"

namespace picket {

std::string_view word(Level level);
std::string_view word(OnCrash order);
std::string_view word(Node::Type type);
std::string_view word(PostmasterFacts::Process process);
std::string_view word(AddressFacts::State state);
std::string_view word(KeepalivedFacts::State state);
std::string_view word(MarkerFacts::State state);

/// Everyone on the board who answers and says that it is a primary, and where it stood: "pg1 (this node) on timeline 2
/// at 0/3000060; pg3 on timeline 2 at 0/3000148". Empty when there is none.
std::string primaries_text(const Board& board);

}  // namespace picket
