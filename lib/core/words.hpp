#pragma once
// The words for the core's enums: one spelling for the journal, the JSON, the metrics and the command line.

#include <string>
#include <string_view>

#include "core/facts.hpp"

namespace picket {

std::string_view word(Role role);
std::string_view word(Answer answer);

/// As PostgreSQL 15 prints a pg_lsn: two hexadecimal halves without leading zeros, "0/3000060".
std::string lsn_text(Lsn lsn);

}  // namespace picket
