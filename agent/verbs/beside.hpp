#pragma once
// The programs of picket are installed side by side. Those that need PostgreSQL's library are in picketd, so that the
// command line does without it.

#include <string>

namespace picket {

/// The path of `program` in the folder of the running one.
std::string beside_this(const std::string& program);

}  // namespace picket
