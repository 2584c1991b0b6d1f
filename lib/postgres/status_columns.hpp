#pragma once
// The columns of the status query, in their order: what the query asks for, and what its rows are read by.

#include <array>
#include <string_view>

namespace picket {

/// How long what a column shows stays as it is.
enum class Lasts : uint8_t { a_look, a_session };

struct Column {
  std::string_view name, sql;
  Lasts lasts = Lasts::a_look;
};

// `r` is pg_is_in_recovery(), read once: a promotion in the midst of the statement cannot make its parts disagree. The
// functions that raise an error in the other role stand behind a CASE.
inline constexpr std::array server_columns{
    Column{"in_recovery", "r.r"},
    // pg_control_checkpoint() alone shows the old timeline until the checkpoint after a promotion, so a primary is
    // asked for the name of its current WAL file, and a standby for what it receives or has replayed.
    Column{"wal_file", "CASE WHEN NOT r.r THEN pg_walfile_name(pg_current_wal_lsn()) END"},
    Column{"received_tli", "CASE WHEN r.r THEN w.received_tli END"},
    Column{"replayed_tli",
           "CASE WHEN r.r AND coalesce(w.received_tli, 0) = 0 THEN greatest((SELECT min_recovery_end_timeline FROM "
           "pg_control_recovery()),"
           " (SELECT timeline_id FROM pg_control_checkpoint())) END"},
    Column{"system_identifier", "(SELECT system_identifier FROM pg_control_system())", Lasts::a_session},
    Column{"current_lsn", "CASE WHEN NOT r.r THEN pg_current_wal_lsn() END"},
    Column{"receive_lsn", "pg_last_wal_receive_lsn()"},
    Column{"replay_lsn", "CASE WHEN r.r THEN pg_last_wal_replay_lsn() END"},
    Column{"replay_delay_ms",
           "CASE WHEN r.r THEN"
           " (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint END"},
    Column{"replay_paused", "CASE WHEN r.r THEN pg_is_wal_replay_paused() END"},
    Column{"started_us", "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint", Lasts::a_session},
    Column{"server_version", "current_setting('server_version_num')", Lasts::a_session},
    Column{"receiver_pid", "w.pid"},
    Column{"receiver_status", "w.status"},
    Column{"sender_host", "w.sender_host"},
    Column{"sender_port", "w.sender_port"},
    Column{"latest_end_lsn", "w.latest_end_lsn"},
    Column{"message_age_ms", "(extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time) * 1000)::bigint"},
    // Of 64 bits, since its list of transactions can be long. PREPARE leaves the snapshot as it is.
    // (txid_current_snapshot() is there in every version, and assigns no transaction number.)
    Column{"transactions",
           "CASE WHEN NOT r.r THEN hashtextextended(concat(txid_current_snapshot(), ' ',"
           " (SELECT count(*) FROM pg_prepared_xact())), 0) END"},
    // After the snapshot, so that it is not before the end of what that shows; current_lsn may be, for as long as an
    // asynchronous commit is not written.
    Column{"insert_lsn", "CASE WHEN NOT r.r THEN pg_current_wal_insert_lsn() END"},
};
inline constexpr std::array follower_columns{
    Column{"follower_pid", "f.pid"},
    Column{"follower_name", "a.application_name", Lasts::a_session},
    Column{"follower_addr", "host(a.client_addr)", Lasts::a_session},
    Column{"follower_state", "f.state"},
    Column{"follower_sync_state", "f.sync_state"},
    Column{"follower_replay_lsn", "f.replay_lsn"},
    Column{"follower_port", "a.client_port", Lasts::a_session},
};

inline constexpr size_t status_width = server_columns.size() + follower_columns.size();

}  // namespace picket
