#pragma once
// GET /metrics: the snapshot in Prometheus' text format (prometheus.io, "Exposition formats"), names and units by its
// conventions. What is not known has no sample: a missing value is not nought. Counters begin at nought with the agent.

#include <cstdint>
#include <string>

#include "report/face_options.hpp"
#include "report/snapshot.hpp"

namespace picket {

/// What the health page did since the agent started.
struct HttpUse {
  uint64_t accepted = 0, answered = 0, rejected = 0, evicted = 0, timed_out = 0;
  int connections = 0;
  double loop_hold = 0;  ///< seconds: Loop::longest_hold()
};

/// `wall_us` as for patroni_json(). With options.patroni_metrics also the names that Patroni's dashboards ask for,
/// labels scope and name.
std::string metrics_text(const Snapshot* snapshot, const HttpUse& http, Instant now, int64_t wall_us,
                         const FaceOptions& options);

inline constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace picket
