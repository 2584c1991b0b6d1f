#pragma once
// How the faces speak: whose contract, and what of it this node's configuration says.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace picket {

/// Whose health checker a port stands in for.
enum class Dialect : uint8_t {
  pgchk,           ///< the guide's pgchk.py: text; Patroni's names beside it
  patroni,         ///< Patroni's REST interface: JSON, and 503 for what it does not know
  percona206,      ///< 200 primary, 206 standby, 503 neither, whatever is asked
  clustercontrol,  ///< "master is running" or "is running" in the text, whatever is asked
};

/// Patroni's tags of this node: names and values as text, "true" and "false" for what is neither.
using Tags = std::vector<std::pair<std::string, std::string>>;

struct FaceOptions {
  Dialect dialect = Dialect::pgchk;
  Millis max_age{1500};  ///< a verdict older than this proves nothing (policy.fresh)
  Tags tags;
  std::string scope = "main";               ///< Patroni's name for the cluster, a label of its metrics
  int port = 8008;                          ///< of the health page, assumed to be the same on the peers
  bool patroni_metrics = false;             ///< Patroni's names too
  std::optional<uint64_t> replica_max_lag;  ///< bytes (policy); what weights are measured by, and other standbys
};

}  // namespace picket
