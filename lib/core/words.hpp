#pragma once
// The words for the core's enums: one spelling for the journal, the JSON, the metrics and the command line.

#include <string_view>

#include "core/facts.hpp"

namespace picket {

std::string_view word(Role role);
std::string_view word(Answer answer);

}  // namespace picket
