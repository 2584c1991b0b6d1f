#pragma once
// What `picket explain` prints: the verdict, what the table was asked to reach it, and which bound is near. Pure.

#include <string>

#include "core/policy.hpp"
#include "core/table.hpp"
#include "report/snapshot.hpp"

namespace picket {

std::string explain_text(const Snapshot& snapshot, const Signals& signals, const Policy& policy);

}  // namespace picket
