#pragma once
// Keeps the client gate: open under a primary whose lease is valid, renewed with the lease, closed at the first doubt.
// What it opens the kernel closes by itself, two thirds of a lease after the heartbeat that a majority acknowledged.

#include <string>

#include "core/verdict.hpp"
#include "gate/gate_table.hpp"
#include "report/snapshot.hpp"

namespace picket {

class GateKeeper {
 public:
  /// Makes the gate, closed; what an earlier run opened runs out. `lease` is how long a lease lasts. When the gate
  /// cannot be made, since nobody may hold a lease without it whose voters count on it, throws CannotVote where this
  /// kernel or the rights of this process do not allow it, and std::runtime_error where trying again may help.
  GateKeeper(int client_port, int server_port, Millis lease);

  /// Call in each round, before anything slow. `lease` as it is at `now`.
  void decided(ClientGate wish, const LeaseFacts& lease, Instant now);

  /// What is wrong with the table: no lease is to be asked for with it. Empty: nothing.
  const std::string& wrong_with_table() const { return wrong_; }

  /// For the faces, and for whoever gives the lease back.
  ClientGateView view() const { return {port_, open_until_, wrong_.empty() ? failed_ : wrong_, may_be_open_}; }

 private:
  void look_after(Instant now);
  void open(const LeaseFacts& lease, Instant now);
  void close(Instant now);
  void ran_out(Instant now);

  const int port_;
  const Millis life_;
  GateTable table_;
  Instant open_until_{};     // in the kernel, by this run; Instant{}: closed
  bool may_be_open_ = true;  // by an earlier run, or an order to close it has failed
  Instant next_look_{};
  std::string wrong_;   // with the table, when it was last looked at
  std::string failed_;  // the latest order: the next one may succeed
};

}  // namespace picket
