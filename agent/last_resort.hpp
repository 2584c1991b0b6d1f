#pragma once
// What is left when a fence is not proved within its time: the watchdog resets this machine, and the operator's hook
// may do so from outside. Both are off unless configured; without either, an unproved fence only goes on
// (fence/ladder.hpp).

#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "fence/hook.hpp"
#include "fence/ladder.hpp"
#include "fence/watchdog.hpp"
#include "report/snapshot.hpp"

namespace picket {

class LastResort {
 public:
  static constexpr Millis hook_limit{20'000};  ///< the hook is killed after this
  static constexpr Millis hook_again{30'000};  ///< and called this often while the fence is not proved

  /// `config` and `ladder` must outlive this. At level observe neither is used. A watchdog that the agent before this
  /// one left behind armed, because it crashed, is fed again at once.
  LastResort(Loop& loop, const Config& config, Ladder& ladder);
  /// Lets the watchdog go, but not while a fence is not proved. Stopping the agent is the operator's will: it must not
  /// reset his machine.
  ~LastResort();
  LastResort(const LastResort&) = delete;
  LastResort& operator=(const LastResort&) = delete;

  /// Call in each round, after the ladder has been told. `target` is the local server.
  void round(const Snapshot& snapshot, const FenceTarget& target);

 private:
  void watch(const Snapshot& snapshot, const FenceTarget& target, bool not_proved);
  bool proof_is_possible(const FenceTarget& target);
  void remember(bool armed);
  void call_hook(const Snapshot& snapshot);

  Ladder& ladder_;
  const std::string note_;  // in the run-time directory: the watchdog is armed
  bool noted_ = false;
  std::unique_ptr<Watchdog> watchdog_;
  Instant next_look_{};
  std::string blind_;
  std::vector<std::string> command_;
  std::unique_ptr<Hook> hook_;
  Instant last_hook_{};
};

}  // namespace picket
