#pragma once
// The health checks' answers: path, parameters and snapshot to status and body. In the dialect of pgchk.py its paths
// answer with its bytes, whether PostgreSQL is unreachable or the path unknown; in Patroni's the codes are those of its
// REST interface and the body is JSON. Pure; allocates nothing that grows.

#include <string>
#include <string_view>

#include "report/face_options.hpp"
#include "report/snapshot.hpp"

namespace picket {

struct HealthAnswer {
  int status = 503;
  std::string_view body;  ///< static text, one line with its LF; empty where `json` or nothing is to be sent
  bool json = false;      ///< the body is patroni_json()
  std::string verdict;    ///< for the header Picket-Verdict: "<generation> <rule>", or "0 none" without a snapshot
};

/// `path` without the query; one slash at its end is tolerated. `snapshot` may be null (nothing decided yet). One that
/// was decided more than `options.max_age` before `now` proves nothing: 503 on every path but /liveness, which bears
/// twice that age.
HealthAnswer health(std::string_view path, std::string_view query, const Snapshot* snapshot, Instant now,
                    const FaceOptions& options);

}  // namespace picket
