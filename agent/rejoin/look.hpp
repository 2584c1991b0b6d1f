#pragma once
// Everything that the plan of the way back must know, looked up at once: the disk, the processes, the other nodes, the
// primary, the diverged log. Blocking, some seconds; changes nothing.

#include <string>

#include "config/config.hpp"
#include "postgres/disk_reading.hpp"
#include "rejoin/plan.hpp"
#include "rejoin/record.hpp"
#include "rejoin/wal.hpp"
#include "repmgr/repmgr_conf.hpp"

namespace picket {

/// Where things are on this node.
struct RejoinPlace {
  std::string data_directory;  ///< canonical
  std::string programs;        ///< PostgreSQL's, with a slash at the end; "" = in the PATH
  std::string unit;            ///< of PostgreSQL, if systemd is there and it is known; else ""
  std::string archive_parent;  ///< where the diverged log goes
  std::string own_conf;        ///< the copy of repmgr.conf that repmgr is given
};
/// Throws std::runtime_error when the data directory cannot be looked at.
RejoinPlace rejoin_place(const Config& config, const RepmgrConf& repmgr);

struct RejoinView {
  LocalData local;
  PrimaryData primary;
  std::string primary_conninfo;
  WalPlace wal;
  Space space;
  RejoinPlan plan;
};

/// Looks. To be called as the owner of the data directory: his .pgpass opens the others.
RejoinView look_for_rejoin(const Config& config, const RepmgrConf& repmgr, const RejoinPlace& place,
                           const RejoinRequest& request);

/// What still runs on these data: the server, or what an earlier job has started; "" = nothing, proved. Reads /proc,
/// shared memory and postmaster.pid.
std::string what_still_runs(const RejoinPlace& place);

}  // namespace picket
