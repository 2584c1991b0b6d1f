#pragma once
// Whether repmgrd's times fit those of picket: at level lease its candidate must wait for as long as a voter may be
// bound to the old holder, and the other standbys for the candidate; at level guard an isolated primary should be dead
// before another is promoted. Pure.

#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/lease.hpp"
#include "repmgr/repmgr_conf.hpp"

namespace picket {

/// What else than the wait itself takes time between a voter's bound and the grant.
constexpr Millis vote_margin{2000};

/// For how long `picket gate vote` waits for the lease when this is its command line in repmgr.conf; 0 when it is
/// another command, or none.
Millis vote_wait_of(const std::string& command);

/// What this node says of itself to the others; nothing where repmgrd promotes nobody.
FailoverTimes failover_times(const RepmgrConf& repmgr);

struct TimingFault {
  bool refuse = false;   ///< nobody would be promoted: no way to begin; else it is only to be known
  std::string sentence;  ///< names `file`, the key and the numbers
};

/// `file` is where `repmgr` was read from.
std::vector<TimingFault> timing_faults(const Config& config, const LeaseTiming& timing, const RepmgrConf& repmgr,
                                       const std::string& file);

/// What is wrong between this node's times and those that `peer` reports; "" when nothing is, or one says nothing.
std::string wrong_with_peer(const std::string& peer, const FailoverTimes& theirs, const FailoverTimes& ours,
                            const LeaseTiming& timing);

}  // namespace picket
