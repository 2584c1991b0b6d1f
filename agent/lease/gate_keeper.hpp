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
  /// Makes the gate, closed; what an earlier run opened runs out. `lease` is how long a lease lasts. Throws CannotVote
  /// when the gate cannot be made: without it nobody may hold a lease whose voters count on it.
  GateKeeper(int client_port, int server_port, Millis lease);

  /// Call in each round, before anything slow. `lease` as it is at `now`.
  void decided(ClientGate wish, const LeaseFacts& lease, Instant now);

  /// For the faces.
  ClientGateView view() const { return {port_, open_until_, problem_}; }

 private:
  void look_after(Instant now);
  void open(const LeaseFacts& lease, Instant now);
  void close(Instant now);
  void ran_out(Instant now);

  const int port_;
  const Millis life_;
  GateTable table_;
  Instant open_until_{};     // in the kernel, by this run; Instant{}: closed
  bool may_be_open_ = true;  // by an earlier run
  Instant next_look_{};
  std::string problem_;
};

}  // namespace picket
