#include "report/fixed_answers.hpp"

#include <algorithm>

#include "report/condition.hpp"

namespace picket {
namespace {

/// Percent. The bound itself still gets a tenth: beyond it the verdict withdraws the standby.
int weight_of(const Lag& lag, std::optional<uint64_t> bound) {
  if (!lag.bytes) return 1;
  if (!bound || *bound == 0) return 100;
  const double free = 1.0 - static_cast<double>(*lag.bytes) / static_cast<double>(*bound);
  return std::clamp(static_cast<int>(free * 10 + 0.999) * 10, 10, 100);
}

std::string down(const Snapshot* snapshot) {
  // HAProxy shows the text in its statistics; it knows "#" only after a blank.
  const std::string_view why = snapshot ? word(snapshot->verdict.rule) : "nothing decided yet";
  return "down ready 0% #" + std::string(why) + '\n';
}

}  // namespace

FixedAnswer percona206(const Snapshot* snapshot, Instant now, const FaceOptions& options) {
  if (is_primary(snapshot, now, options.max_age)) return {200, "Primary\r\n"};
  if (is_replica(snapshot, now, options.max_age) && takes_reads(*snapshot, options.tags)) return {206, "Standby\r\n"};
  return {503, "Down\r\n"};
}

FixedAnswer clustercontrol(const Snapshot* snapshot, Instant now, const FaceOptions& options) {
  if (is_primary(snapshot, now, options.max_age)) return {200, "PostgreSQL master is running.\r\n"};
  if (is_replica(snapshot, now, options.max_age)) {
    if (takes_reads(*snapshot, options.tags)) return {200, "PostgreSQL standby is running.\r\n"};
    return {503, "PostgreSQL standby takes no reads.\r\n"};
  }
  return {503, "PostgreSQL is *down*.\r\n"};
}

std::string agent_line(AgentRole role, const Snapshot* snapshot, Instant now, const FaceOptions& options) {
  const Millis max_age = options.max_age;
  if (role == AgentRole::primary) return is_primary(snapshot, now, max_age) ? "up ready 100%\n" : down(snapshot);
  if (is_draining(snapshot, now, max_age)) return "up drain 0%\n";
  if (!is_replica(snapshot, now, max_age)) return down(snapshot);
  const Board& board = snapshot->board;
  const bool paused = board.server.facts && board.server.facts->replay_paused;
  if (paused || !takes_reads(*snapshot, options.tags)) return "up drain 0%\n";
  const int weight = weight_of(lag_of(board.server, board, now, max_age), options.replica_max_lag);
  return "up ready " + std::to_string(weight) + "%\n";
}

}  // namespace picket
