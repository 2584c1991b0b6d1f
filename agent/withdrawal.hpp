#pragma once
// What clients meet when this primary is withdrawn: their sessions by the virtual address are cut before the gate is
// closed and the address leaves, so that nobody goes on writing through it, or waits for an answer that cannot come any
// more. A server that is stopped as well is the fence ladder's matter, but for its clients over a UNIX socket.

#include <optional>
#include <string>

#include "core/facts.hpp"
#include "core/verdict.hpp"
#include "fence/ladder.hpp"
#include "netlink/sockets.hpp"
#include "observers.hpp"

namespace picket {

class Withdrawal {
 public:
  /// All must outlive this.
  Withdrawal(SessionCutter& cutter, Observers& observers, Ladder& ladder)
      : cutter_(cutter), observers_(observers), ladder_(ladder) {}

  /// Call in each round, before the gate is written. `target` is the local server. Repeated while the verdict stands:
  /// clients come again until the address is gone.
  void before_the_gate(const Verdict& verdict, const Board& board, const FenceTarget& target);
  /// Call in each round, after the ladder has been told.
  void after_the_stop(const Verdict& verdict, const FenceTarget& target);

 private:
  void cut(const Verdict& verdict, const FenceTarget& target);
  void terminate(const FenceTarget& target, std::function<void(const std::string&)> ended);

  SessionCutter& cutter_;
  Observers& observers_;
  Ladder& ladder_;
  std::optional<Action> terminated_;  // in this withdrawal: Action::none; or for this stop
  std::string logged_error_;
};

}  // namespace picket
