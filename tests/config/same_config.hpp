#pragma once
// Every field of a Config as text, so that a test can say which one differs.

#include <sstream>
#include <string>

#include "config/config.hpp"

namespace picket {

inline std::string all_fields(const Config& c) {
  std::ostringstream out;
  const Policy& p = c.policy;
  out << "role " << static_cast<int>(c.role) << " " << c.node_id << "\nlevel " << static_cast<int>(p.level)
      << "\nrejoin " << c.rejoin.automatic << " " << c.rejoin.max_lost << "\nrun_directory " << c.run_directory
      << "\nstate_directory " << c.state_directory << "\nlisten " << c.http.listen << "\nport " << c.http.port
      << "\nconf " << c.repmgr.conf << "\nnodes_every " << c.repmgr.nodes_every.count() << "\nconninfo "
      << c.postgresql.conninfo << "\ndata_directory " << c.postgresql.data_directory << "\nunit " << c.postgresql.unit
      << "\npoll " << c.postgresql.poll.count() << "\nfresh_every " << c.postgresql.fresh_every.count()
      << "\nsession_deadline " << c.postgresql.session_deadline.count() << "\nconnect_deadline "
      << c.postgresql.connect_deadline.count() << "\nfresh_deadline " << c.postgresql.fresh_deadline.count()
      << "\naddress " << c.keepalived.address << "\nkeepalived_unit " << c.keepalived.unit << "\ngate_file "
      << c.keepalived.gate_file << "\nrank_file " << c.keepalived.rank_file << "\nnotify_fifo "
      << c.keepalived.notify_fifo << "\nwatchdog " << c.fence.watchdog << "\nwatchdog_timeout "
      << c.fence.watchdog_timeout.count() << "\nstonith_hook " << c.fence.stonith_hook << "\nfresh " << p.fresh.count()
      << "\nrole_ttl " << p.role_ttl.count() << "\nloop_gap " << p.loop_gap.count() << "\nsuspect_after "
      << p.suspect_after.count() << "\nisolation_timeout " << p.isolation_timeout.count() << "\nstale_confirm "
      << p.stale_confirm.count() << "\nconflict_confirm " << p.conflict_confirm.count() << "\npromotion_confirm "
      << p.promotion_confirm.count() << "\nhang_withdraw " << p.hang_withdraw.count() << "\nhang_stop "
      << p.hang_stop.count() << "\nupstream_silence " << p.upstream_silence.count() << "\nrejoin_stable "
      << p.rejoin_stable.count() << "\nreturn_stable " << p.return_stable.count() << "\nstart_gate_within "
      << p.start_gate_within.count() << "\non_crash " << static_cast<int>(p.on_crash) << "\nrestart_within "
      << p.restart_within.count() << "\nunreachable_stop " << p.unreachable_stop.count() << "\npromote_within "
      << p.promote_within.count() << "\nmax_lag " << (p.replica_max_lag ? std::to_string(*p.replica_max_lag) : "none")
      << "\nstale_reads " << p.stale_reads << "\nlog_level " << static_cast<int>(c.log_level) << "\nflight_recorder "
      << c.flight_recorder << "\n";
  out << "dialect " << static_cast<int>(c.http.dialect) << "\nscope " << c.http.scope << "\npatroni_metrics "
      << c.http.patroni_metrics << "\npercona_port " << c.http.percona_port << "\nclustercontrol_port "
      << c.http.clustercontrol_port << "\nagent_primary_port " << c.haproxy.agent_primary_port
      << "\nagent_replica_port " << c.haproxy.agent_replica_port << "\nmax_lag_time "
      << (p.replica_max_lag_time ? std::to_string(p.replica_max_lag_time->count()) : "none") << "\nlag_for "
      << p.replica_lag_for.count() << "\nlag_rejoin " << p.replica_lag_rejoin.count() << "\ntags";
  for (const auto& [name, value] : c.http.tags) out << ' ' << name << '=' << value;
  return out.str();
}

}  // namespace picket
