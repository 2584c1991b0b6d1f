#include "witness.hpp"

#include <utility>

#include "core/signals.hpp"

namespace picket {

Witness::Witness(Loop& loop, Worker& names, Notify& notify, FlightRecorder& recorder, const Config& config)
    : recorder_(recorder),
      config_(config),
      journal_(notify, true),
      each_(loop, [this] { round(); }),
      lease_(loop, names, config, config.node_id, [] {}),  // it is never the holder
      started_(boot_now()) {
  each_.every(config.postgresql.poll);
}

void Witness::round() {
  const Instant now = boot_now();
  Board board = board_of_a_witness(config_.node_id, started_);
  board.lease = lease_.facts();
  Step step = decide(memory_, board, now, config_.policy);
  const Memory before = std::exchange(memory_, step.memory);
  signals_ = step.signals;
  const std::vector<std::string> alarms = snapshot_.verdict.alarms;
  const bool changed = renew(snapshot_, step.verdict, std::move(board), now);
  snapshot_.level = config_.policy.level;
  snapshot_.fresh = config_.policy.fresh;
  snapshot_.links = lease_.links();
  recorder_.decided(before, snapshot_.board, now, config_.policy, snapshot_.verdict, changed);
  lease_.decided(snapshot_);
  snapshot_.problems = lease_.problems();
  for (const auto& problem : recorder_.problems()) snapshot_.problems.push_back(problem);
  if (changed) journal_.verdict(snapshot_);
  journal_.alarms(snapshot_, alarms, false);
  journal_.problems(snapshot_.problems);
}

FlightRecord Witness::live() const {
  return recorder_.live(memory_, snapshot_.board, snapshot_.decided, config_.policy, snapshot_.verdict);
}

}  // namespace picket
