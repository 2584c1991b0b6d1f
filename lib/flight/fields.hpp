#pragma once
// The fields of what decide() takes and says, one list per struct, for both directions of the recorder's encoding. A
// list that forgets a member does not compile: its names must take the whole struct apart. One member is left out on
// purpose: Node::conninfo, which may hold a password and which decides nothing.

#include <concepts>
#include <type_traits>

#include "core/facts.hpp"
#include "core/memory.hpp"
#include "core/policy.hpp"
#include "core/verdict.hpp"

namespace picket {

// One step for each argument (C++20, __VA_OPT__); 4^3 steps are more than any struct here has members.
#define PICKET_PARENS ()
#define PICKET_EXPAND(...) PICKET_EXPAND2(PICKET_EXPAND2(PICKET_EXPAND2(PICKET_EXPAND2(__VA_ARGS__))))
#define PICKET_EXPAND2(...) PICKET_EXPAND1(PICKET_EXPAND1(PICKET_EXPAND1(PICKET_EXPAND1(__VA_ARGS__))))
#define PICKET_EXPAND1(...) PICKET_EXPAND0(PICKET_EXPAND0(PICKET_EXPAND0(PICKET_EXPAND0(__VA_ARGS__))))
#define PICKET_EXPAND0(...) __VA_ARGS__
#define PICKET_EACH(...) __VA_OPT__(PICKET_EXPAND(PICKET_EACH_STEP(__VA_ARGS__)))
#define PICKET_EACH_STEP(field, ...) \
  visitor(#field, value.field);      \
  __VA_OPT__(PICKET_EACH_AGAIN PICKET_PARENS(__VA_ARGS__))
#define PICKET_EACH_AGAIN() PICKET_EACH_STEP

// Calls visitor("name", member) for each member of the struct.
#define PICKET_FIELDS(Type, ...)                        \
  template <class Visitor, class T>                     \
  requires std::same_as<std::remove_const_t<T>, Type>   \
  void visit_fields(Visitor& visitor, T& value) {       \
    [[maybe_unused]] const auto& [__VA_ARGS__] = value; \
    PICKET_EACH(__VA_ARGS__)                            \
  }

PICKET_FIELDS(Attempts, answer, detail, asked, ended, answered_asked, silent_since)
PICKET_FIELDS(Follower, application_name, client_addr, state, sync_state, replay_lsn, client_port)
PICKET_FIELDS(Receiver, status, sender_host, sender_port, timeline, latest_end_lsn, message_age)
PICKET_FIELDS(ServerFacts, role, timeline, system_identifier, lsn, replay_lsn, transactions, insert_lsn, replay_delay,
              replay_paused, started_us, server_version, receiver, followers)
PICKET_FIELDS(OwnLog, transactions, commit, end, grew, asked)
PICKET_FIELDS(ServerView, session, fresh, facts, facts_asked)
PICKET_FIELDS(PostmasterFacts, process, why_unknown, pid, status, survivors, left_pid_file, ended, seen)
PICKET_FIELDS(DiskFacts, known, why_unknown, system_identifier, checkpoint_timeline, recovery_timeline, control_state,
              standby_signal, recovery_signal, backup_label, half_rewound)
PICKET_FIELDS(UnitFacts, known, why_unknown, name, active_state, sub_state, job, control_group)
PICKET_FIELDS(AddressFacts, state, why_unknown, address)
PICKET_FIELDS(KeepalivedFacts, state, why_unknown, last_notify)
PICKET_FIELDS(MarkerFacts, state, why, reasons, sentence, timeline)
PICKET_FIELDS(Peer, node, server)
PICKET_FIELDS(StartRefusal, row, sentence)
PICKET_FIELDS(VoterWord, voter, at, role, timeline, lsn, system_identifier, fenced, maintenance, unreachable)
PICKET_FIELDS(LeaseFacts, voters, majority, heartbeat, term, had, valid_until, confirmed, won_term, won_by,
              winner_promoted, bound, campaigning, words)
PICKET_FIELDS(Board, self_id, self_name, self_host, self_port, self_priority, nodes_known, nodes_why_unknown,
              nodes_lost, self_is_witness, server, postmaster, disk, unit, address, keepalived, marker, peers,
              start_refused, lease, fence_in_progress, started)
PICKET_FIELDS(State, held, suspended, advert)
PICKET_FIELDS(LagHold, withheld, since)
PICKET_FIELDS(Unreached, by, by_majority, reached, heir)
PICKET_FIELDS(UnreachedHold, was_reached, since, stopping, log, seen)
PICKET_FIELDS(Memory, state, last, valid_from, role, timeline, role_asked, primary_since, started, postmaster_pid,
              started_us, rival_id, rival_since, rival_look, rival_looks, lost_at, crashed, crashes, stop_wanted,
              returnable_since, cut_off, cut_off_at, cut_off_before, verified_since, lag, unreached)
PICKET_FIELDS(Policy, level, fresh, role_ttl, loop_gap, suspect_after, isolation_timeout, stale_confirm,
              conflict_confirm, promotion_confirm, hang_withdraw, hang_stop, upstream_silence, rejoin_stable,
              unreachable_stop, promote_within, return_stable, on_crash, restart_within, start_gate_within,
              replica_max_lag, replica_max_lag_time, replica_lag_for, replica_lag_rejoin, stale_reads)
PICKET_FIELDS(Verdict, rule, advert, vrrp, action, reason, lease, client_gate, role, timeline, remove_address,
              clear_marker, stale_start, sentence, alarms)

template <class Visitor, class T>
requires std::same_as<std::remove_const_t<T>, Node>
void visit_fields(Visitor& visitor, T& value) {
  [[maybe_unused]] const auto& [id, name, type, active, upstream_id, priority, conninfo, host, port] = value;
  PICKET_EACH(id, name, type, active, upstream_id, priority, host, port)
}

}  // namespace picket
