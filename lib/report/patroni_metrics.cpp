#include "report/patroni_metrics.hpp"

#include "report/condition.hpp"
#include "report/patroni_json.hpp"

namespace picket {

void put_patroni_metrics(MetricList& list, const Snapshot* s, Instant now, int64_t wall_us,
                         const FaceOptions& options) {
  static const Snapshot nothing;
  const Board& board = s ? s->board : nothing.board;
  const Millis max_age = options.max_age;
  const bool up = postgresql_up(board, now, max_age);
  static const ServerFacts no_facts;
  const ServerFacts& facts = up ? *board.server.facts : no_facts;
  const bool standby = facts.role == Role::standby;
  const MetricList::Labels labels{{"scope", options.scope}, {"name", board.self_name}};
  const auto put = [&](const char* name, const char* help, double value) {
    list.gauge(std::string("patroni_") + name, help, value, labels);
  };
  const auto position = [&](const char* name, const char* help, Lsn value) {
    list.add(MetricList::Type::Counter, std::string("patroni_") + name, help, static_cast<double>(value), labels);
  };
  const SyncState sync = standby ? sync_state(board, now, max_age) : SyncState::unknown;
  const int64_t asked_us = wall_us - (now - board.server.facts_asked).count() * 1000;
  // The leader is whom the verdict calls so, as with Patroni the holder of the lock.
  const bool leads = is_primary(s, now, max_age);
  const bool locked = leads || primary_in_sight(board, facts.system_identifier, now, max_age);

  put("postgres_running", "Value is 1 if Postgres is running, 0 otherwise.", up);
  put("postmaster_start_time", "Epoch seconds since Postgres started.", static_cast<double>(facts.started_us) / 1e6);
  put("master", "Value is 1 if this node is the leader, 0 otherwise.", leads);
  put("primary", "Value is 1 if this node is the leader, 0 otherwise.", leads);
  position("xlog_location", "Current location of the Postgres transaction log, 0 if this node is not the leader.",
           facts.role == Role::primary ? facts.lsn : 0);
  put("standby_leader", "Value is 1 if this node is the standby_leader, 0 otherwise.", 0);
  put("replica", "Value is 1 if this node is a replica, 0 otherwise.", standby);
  put("sync_standby", "Value is 1 if this node is a sync standby, 0 otherwise.", sync == SyncState::sync);
  put("quorum_standby", "Value is 1 if this node is a quorum standby, 0 otherwise.", sync == SyncState::quorum);
  position("xlog_received_location",
           "Current location of the received Postgres transaction log, 0 if this node is not a replica.",
           standby ? facts.lsn : 0);
  position("xlog_replayed_location",
           "Current location of the replayed Postgres transaction log, 0 if this node is not a replica.",
           standby ? facts.replay_lsn : 0);
  put("xlog_replayed_timestamp", "Current timestamp of the replayed Postgres transaction log, 0 if null.",
      facts.replay_delay ? static_cast<double>(asked_us - facts.replay_delay->count() * 1000) / 1e6 : 0);
  put("xlog_paused", "Value is 1 if the Postgres xlog is paused, 0 otherwise.", facts.replay_paused);
  put("postgres_streaming", "Value is 1 if Postgres is streaming, 0 otherwise.",
      is_streaming(board.server, now, max_age));
  put("postgres_server_version", "Version of Postgres (if running), 0 otherwise.", facts.server_version);
  put("cluster_unlocked", "Value is 1 if the cluster is unlocked, 0 if locked.", !locked);
  put("failsafe_mode_is_active", "Value is 1 if failsafe mode is active, 0 if inactive.", 0);
  position("postgres_timeline", "Postgres timeline of this node (if running), 0 otherwise.", facts.timeline);
  put("dcs_last_seen", "Epoch timestamp when DCS was last contacted successfully by Patroni.",
      static_cast<double>(majority_last_seen(board, now, wall_us)));
  put("pending_restart", "Value is 1 if the node needs a restart, 0 otherwise.", 0);
  put("is_paused", "Value is 1 if auto failover is disabled, 0 otherwise.", 0);
}

}  // namespace picket
