#pragma once
// The metrics under the names that Patroni gives them, for the dashboards and alerts that people have.

#include "report/face_options.hpp"
#include "report/metric_list.hpp"
#include "report/snapshot.hpp"

namespace picket {

/// Appends them; as with Patroni, what is not known is 0. patroni_version is left out: this is none.
void put_patroni_metrics(MetricList& list, const Snapshot* snapshot, Instant now, int64_t wall_us,
                         const FaceOptions& options);

}  // namespace picket
