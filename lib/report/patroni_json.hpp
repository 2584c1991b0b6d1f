#pragma once
// The JSON bodies of Patroni's REST interface, by the keys that other programs read (Patroni's documentation, "Patroni
// REST API"). What picket does not have is left out rather than made up. Pure.

#include <cstdint>
#include <string>

#include "report/face_options.hpp"
#include "report/snapshot.hpp"

namespace picket {

/// GET /patroni, and the body of every health check in Patroni's dialect. `snapshot` may be null. `wall_us` is the time
/// of day that belongs to `now`, in microseconds since 1970: Patroni gives moments, not ages.
std::string patroni_json(const Snapshot* snapshot, Instant now, int64_t wall_us, const FaceOptions& options);

/// GET /cluster: this node by its verdict, the others by what their PostgreSQL says of itself. One of them is shown as
/// the leader only when this node is not, and no second one claims to be.
std::string cluster_json(const Snapshot* snapshot, Instant now, const FaceOptions& options);

/// Patroni's /history of this node's own timelines: [[timeline, lsn, reason], ...], oldest first; [] on timeline 1, or
/// while nothing is known. Without the moments and the names that only Patroni keeps.
std::string history_json(const Snapshot* snapshot);

/// "2026-11-22 00:50:31.123456+00:00", as Python writes a time in UTC.
std::string moment_text(int64_t us);

/// When a majority of the nodes, this one included, was last seen: what Patroni's dcs_last_seen stands for. Seconds
/// since 1970; 0 when never.
int64_t majority_last_seen(const Board& board, Instant now, int64_t wall_us);

}  // namespace picket
