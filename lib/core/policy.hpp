#pragma once
// The bounds that decide() works with. Configuration fills it; the defaults are the ones documented in
// config/picket.toml.

#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace picket {

/// How far picket goes. `lease`: as guard, and a primary is one only while it holds the lease (core/lease.hpp).
enum class Level : uint8_t { observe, guard, lease };

/// What becomes of a confirmed primary whose postmaster crashed: it is started again where it was, or nothing is done
/// and the others take over.
enum class OnCrash : uint8_t { restart, release };

struct Policy {
  Level level = Level::guard;
  Millis fresh{1500};              ///< a fact older than this is unknown
  Millis role_ttl{5000};           ///< for how long a role that cannot be read again is believed of the same postmaster
  Millis loop_gap{1500};           ///< the agent slept longer than this: all facts are void
  Millis suspect_after{1500};      ///< no majority for this long: alarm (R5)
  Millis isolation_timeout{4000};  ///< no majority for this long: isolated (R4)
  Millis stale_confirm{500};       ///< a stale primary is stopped when the proof has stood for this long, in two looks
  Millis conflict_confirm{2000};   ///< the same, while a standby still streams from us
  Millis promotion_confirm{5000};  ///< the same, when we were promoted after the rival: the others may yet follow us
  Millis hang_withdraw{2000};      ///< new connections time out for this long: withdraw (R7a)
  Millis hang_stop{4000};          ///< and for this long: stop (R7)
  /// A standby that heard nothing from its upstream for this long supports nobody. An idle primary sends nothing until
  /// the receiver asks, after half of wal_receiver_timeout (60 s): so not below 30 s.
  Millis upstream_silence{35000};
  Millis rejoin_stable{10000};  ///< a fenced node streams as a standby for this long before its marker clears
  /// A majority of the voters cannot reach this primary's PostgreSQL for this long: stop, if another could take over
  /// (R11). 0 = never.
  Millis unreachable_stop{10000};
  Millis promote_within{30000};  ///< a standby that has won the lease is a primary within this time, or gives it back
  Millis return_stable{3000};    ///< a majority shows for this long that nobody was promoted before B3 starts again
  OnCrash on_crash = OnCrash::restart;
  Millis restart_within{5000};      ///< a crashed primary is started again for this long after its end, then released
  Millis start_gate_within{30000};  ///< the start gate has its answer within this time, or refuses
  std::optional<uint64_t> replica_max_lag;     ///< bytes; a standby further behind is not offered for reads
  std::optional<Millis> replica_max_lag_time;  ///< likewise, by the age of the last commit that it has replayed
  Millis replica_lag_for{2000};                ///< the lag is too great for this long before a standby is withdrawn
  Millis replica_lag_rejoin{5000};             ///< and small enough for this long before it is offered again
  bool stale_reads = true;                     ///< a standby without a known primary still answers 200 on /replica
};

}  // namespace picket
