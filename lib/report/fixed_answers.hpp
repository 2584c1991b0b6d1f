#pragma once
// The checkers that answer everybody the same, whatever he asks, each on a port of its own: the check that Percona's
// readers put behind xinetd, ClusterControl's, and HAProxy's agent-check. Pure.

#include <string>
#include <string_view>

#include "report/face_options.hpp"
#include "report/snapshot.hpp"

namespace picket {

struct FixedAnswer {
  int status = 503;
  std::string_view body;  ///< static text
};

/// 200 primary, 206 standby, 503 neither; for `http-check expect status 200` or `206`, since HAProxy's default takes
/// any 2xx. A standby that must take no reads is neither.
FixedAnswer percona206(const Snapshot* snapshot, Instant now, const FaceOptions& options);

/// Text with "master is running" on the primary and "is running" on it and on a standby; for `tcp-check expect string`.
/// A standby that must take no reads says so, without these words.
FixedAnswer clustercontrol(const Snapshot* snapshot, Instant now, const FaceOptions& options);

/// In which role a port's agent-check offers this node.
enum class AgentRole : uint8_t { primary, replica };

/// One line for HAProxy's `agent-check` (configuration manual, "agent-check"): always state, administrative state and
/// weight, because only the agent can take back what it said. A standby that lags, pauses its replay or must take no
/// reads drains; one whose lag is unknown gets the smallest weight; with a bound on the lag the weight falls with it in
/// steps of ten.
std::string agent_line(AgentRole role, const Snapshot* snapshot, Instant now, const FaceOptions& options);

}  // namespace picket
