#pragma once
// The way back itself: what picket-rejoin.service runs. Everything is asked again before the first change, each step is
// in the journal and in the record, and a failure leaves the node fenced. It never lifts the fence: picketd does, when
// it has seen the node stream for a while.

#include <optional>
#include <string>

#include "rejoin/record.hpp"

namespace picket {

/// Runs `request`, or the one that lies in the run-time directory; where neither is, nothing is done: what nobody asked
/// for has no bounds either. Returns 0 when the node streams from the primary, 1 when it does not (the record says
/// why), 3 when another job runs.
int run_rejoin_job(const std::string& config_path, std::optional<RejoinRequest> request);

}  // namespace picket
