#pragma once
// What each verb that needs the daemon answers. The other end of agent/verbs/.

#include "agent.hpp"
#include "control.hpp"

namespace picket {

/// Answers one request of the control socket. An unknown verb or a missing right is status 2 with a sentence.
ControlReply command(Agent& agent, const ControlRequest& request);

}  // namespace picket
