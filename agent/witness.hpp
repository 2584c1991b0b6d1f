#pragma once
// The agent of a host without PostgreSQL: a voter of the lease and nothing else. Same life as Agent (observe, decide,
// apply), without eyes for a server and without hands: what it decides is always W.

#include <optional>
#include <vector>

#include "config/config.hpp"
#include "core/decide.hpp"
#include "flight/recorder.hpp"
#include "journal.hpp"
#include "lease/keeper.hpp"
#include "report/snapshot.hpp"

namespace picket {

class Witness {
 public:
  /// Begins to vote. All references must outlive this. `config` is of a witness. Throws as LeaseKeeper does.
  Witness(Loop& loop, Worker& names, Notify& notify, FlightRecorder& recorder, const Config& config);

  /// The current verdict with its facts; null before the first.
  const Snapshot* snapshot() const { return snapshot_.decided != Instant{} ? &snapshot_ : nullptr; }
  const Signals& signals() const { return signals_; }
  const Policy& policy() const { return config_.policy; }
  /// How it is now, with all that the next decision will be made from.
  FlightRecord live() const;

 private:
  void round();

  FlightRecorder& recorder_;
  const Config& config_;
  Journal journal_;
  Timer each_;
  LeaseKeeper lease_;
  const Instant started_;
  Memory memory_;
  Signals signals_;
  Snapshot snapshot_;
};

}  // namespace picket
