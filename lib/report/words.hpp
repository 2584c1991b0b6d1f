#pragma once
// Words for the enums that only the reports show. Role and Answer are in core/words.hpp, the verdict's in
// core/verdict.hpp.

#include <string_view>

#include "core/facts.hpp"
#include "core/policy.hpp"

namespace picket {

std::string_view word(Level level);
std::string_view word(Node::Type type);
std::string_view word(PostmasterFacts::Process process);
std::string_view word(AddressFacts::State state);
std::string_view word(KeepalivedFacts::State state);
std::string_view word(MarkerFacts::State state);

}  // namespace picket
