#pragma once
// The whole snapshot as JSON, schema 1, for `picket status --json`, GET /status and other programs. Ages are seconds;
// what is not known is null, with the reason in a sibling "why". Holds no connection string: that may hold a password.

#include <string>

#include "report/snapshot.hpp"

namespace picket {

/// `now` is the moment that ages are counted to. Text that is not UTF-8 is shown with replacement characters.
std::string status_json(const Snapshot& snapshot, Instant now);

}  // namespace picket
