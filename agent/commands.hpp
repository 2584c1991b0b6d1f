#pragma once
// What each verb that needs the daemon answers. The other end of agent/verbs/.

#include <functional>

#include "agent.hpp"
#include "control.hpp"
#include "witness.hpp"

namespace picket {

/// What an agent of either kind can be asked without changing anything.
struct View {
  const Snapshot* snapshot;  ///< null before the first decision
  const Signals& signals;
  const Policy& policy;
  std::function<FlightRecord()> live;
};

/// Answers one request of the control socket. An unknown verb or a missing right is status 2 with a sentence.
ControlReply command(Agent& agent, const ControlRequest& request);

/// The same on a witness, which has nothing that could be ordered.
ControlReply command(const Witness& witness, const ControlRequest& request);

}  // namespace picket
