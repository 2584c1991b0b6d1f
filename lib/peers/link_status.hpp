#pragma once
// What has gone over the peer link and what has not: plain values for the status, the metrics and the alarms.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "peers/drops.hpp"

namespace picket {

/// One peer, since the link was made.
struct PeerTraffic {
  int id = 0;
  std::string address;        ///< where datagrams are sent to now, "10.0.0.7:8009"; empty while there is none
  std::string address_error;  ///< why there is none, or why the name could not be resolved lately
  uint64_t sent = 0;          ///< handed to the kernel
  uint64_t send_failures = 0;
  std::string send_error;        ///< of the latest attempt to send; "" if it went
  uint64_t delivered = 0;        ///< believed and handed on
  uint64_t starts = 0;           ///< runs of the peer that were believed, the present one included
  std::optional<Instant> heard;  ///< when the latest one that was handed on arrived
  Drops drops;                   ///< of datagrams that say they are from it; before `replayed` anybody can say so
};

struct LinkStatus {
  int port = 0;                    ///< that it listens on
  std::string receive_error;       ///< of the latest attempt to receive; "" if it went
  Drops drops;                     ///< all, those of the peers included
  std::vector<PeerTraffic> peers;  ///< in the order in which they were configured
};

/// What a human should look at, a sentence each, without numbers that change by themselves: what was dropped for a
/// reason that does not pass by itself within `recent` (> 0) before `now`, and peers that cannot be sent to. Pure.
std::vector<std::string> complaints(const LinkStatus& status, Instant now, Millis recent);

}  // namespace picket
