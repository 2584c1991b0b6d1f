#pragma once
// Where messages of the lease wait until the promise that they follow from is on disk. A disk that takes its time, or
// takes nothing, delays what is new, never the heartbeats of a lease that is held already.

#include <functional>
#include <string>
#include <vector>

#include "core/lease.hpp"
#include "loop/lifetime.hpp"
#include "loop/worker.hpp"

namespace picket {

class Outbox {
 public:
  /// `durable` is what the file at `path` says now; `leave` sends one envelope.
  Outbox(Loop& loop, std::string path, const Promise& durable, int self, std::function<void(const Envelope&)> leave);

  /// `promise` is the newest; with `anew` it has just been made. The envelopes follow from it, and leave in this order
  /// once it is on disk. Of what waits, only the latest of each kind for each node is kept.
  void put(const Promise& promise, bool anew, std::vector<Envelope> envelopes);

  /// Why the promise is not on disk; "" when it is, or on its way.
  const std::string& error() const { return error_; }

 private:
  struct Waiting {
    uint64_t needs = 0;
    Envelope envelope;
  };
  bool may_leave(const Envelope& envelope) const;
  void let_go();
  void write();
  void written(const std::string& error);

  const std::string path_;
  const int self_;
  std::function<void(const Envelope&)> leave_;
  Promise newest_, durable_, under_way_;
  std::vector<Waiting> waiting_;
  // Promises are counted: so many were made, so many of them are on disk or replaced there by a newer one.
  uint64_t made_ = 0, written_ = 0, writing_ = 0;
  std::string error_;
  Worker disk_;
  Timer again_;
  Lifetime lifetime_;
};

}  // namespace picket
