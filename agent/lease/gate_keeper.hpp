#pragma once
// Keeps the client gate: open under a primary whose lease is valid, renewed with the lease, closed at the first doubt.
// What it opens the kernel closes by itself, two thirds of a lease after the heartbeat that a majority acknowledged.
//
// The kernel may keep an order for seconds, while another program changes the host's rules. So a thread of its own
// carries the orders out, one after the other as they were given, and the heartbeats go on meanwhile:
// - To open and to look is ordered only when nothing is under way: nothing piles up, and the next round sees to it.
// - To close is ordered as soon as it is wanted, behind the one that is under way, and once. So nothing that opens was
//   ordered after an order to close that has been carried out, and the gate is known to be closed then.
// - An opening that the kernel keeps for too long does no harm: see GateTable::open(), whose clock is that thread's.

#include <functional>
#include <string>

#include "core/verdict.hpp"
#include "gate/gate_table.hpp"
#include "loop/worker.hpp"
#include "report/snapshot.hpp"

namespace picket {

class GateKeeper {
 public:
  /// For so long an order to close is waited for at the end. With a lease of the default length the gate has closed by
  /// itself then.
  static constexpr Millis last_order{2000};
  /// An order that takes longer is told.
  static constexpr Millis slow{1000};

  /// Makes the gate, closed, before the loop runs; what an earlier run opened runs out. `lease` is how long a lease
  /// lasts. `changed` runs on the loop when there is something to decide again: the gate was opened or closed, the
  /// table was put back, or a round wanted what could not be ordered yet. When the gate cannot be made, since nobody
  /// may hold a lease without it whose voters count on it, throws CannotVote where this kernel or the rights of this
  /// process do not allow it, and std::runtime_error where trying again may help.
  GateKeeper(Loop& loop, int client_port, int server_port, Millis lease, std::function<void()> changed);
  /// Orders nothing: what is open runs out. An order to close that has been given is carried out, if the kernel comes
  /// to it within `last_order`. What it is busy with is waited for: before that this process could not end either.
  ~GateKeeper();
  GateKeeper(const GateKeeper&) = delete;
  GateKeeper& operator=(const GateKeeper&) = delete;

  /// Call in each round, before anything slow. `lease` as it is at `now`.
  void decided(ClientGate wish, const LeaseFacts& lease, Instant now);

  /// What was wrong with the table when it was last looked at, which is done each second, and is late while the kernel
  /// is busy: no lease is to be asked for with it. Empty: nothing.
  const std::string& wrong_with_table() const { return wrong_; }

  /// For the faces, and for whoever gives the lease back.
  ClientGateView view() const { return {port_, open_until_, problem(), may_be_open_}; }

  /// Whether an order is under way.
  bool busy() const { return under_way_ > 0; }

 private:
  void order(std::function<std::string()> work, std::function<void(const std::string& error)> done);
  void look_after(Instant now);
  void looked(bool changed, const std::string& error);
  void open(const LeaseFacts& lease, Instant now);
  void opened(Instant until, const std::string& error);
  void close();
  void closed(const std::string& error);
  void ran_out(Instant now);
  std::string problem() const;

  const int port_;
  const Millis life_;
  const std::function<void()> changed_;
  GateTable table_;          // the worker's, from the first order on
  Instant open_until_{};     // in the kernel, by this run; Instant{}: closed
  bool may_be_open_ = true;  // by an earlier run, or no order to close has succeeded since one to open was given
  Instant next_look_{};
  std::string wrong_;   // with the table, when it was last looked at
  std::string failed_;  // the latest order: the next one may succeed

  int under_way_ = 0;      // orders: two at most, and the second one is to close
  Instant waits_since_{};  // the first of them
  bool slow_ = false;
  bool closing_ = false;       // one of them is to close
  bool decide_again_ = false;  // when the first of them is done
  Worker worker_;              // last: it ends before what it uses
};

}  // namespace picket
