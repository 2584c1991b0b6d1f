#pragma once
// Snapshots as the agent would make them, for the tests of the reports and of the faces.

#include "core/signals.hpp"
#include "report/snapshot.hpp"

namespace picket::scene {

/// Every scene is decided at this moment, and its facts are 100 ms old.
inline constexpr Instant now{Millis{3'600'000}};
inline constexpr Millis fresh{1500};

inline Attempts answered(Millis ago = Millis{100}) {
  return {.answer = Answer::ok,
          .detail = {},
          .asked = now - ago,
          .ended = now - ago + Millis{1},
          .answered_asked = now - ago,
          .silent_since = {}};
}

inline ServerView server(Role role, uint32_t timeline, Lsn lsn) {
  ServerFacts facts;
  facts.role = role;
  facts.timeline = timeline;
  facts.system_identifier = 7'412'345'678'901'234'567;
  facts.lsn = lsn;
  facts.started_us = 1'763'762'400'000'000;
  facts.server_version = 150'020;
  if (role == Role::standby) facts.replay_lsn = lsn;
  return {.session = answered(), .fresh = answered(Millis{400}), .facts = facts, .facts_asked = now - Millis{100}};
}

inline Peer peer(int id, Node::Type type, int upstream, ServerView view) {
  Node node;
  node.id = id;
  node.name = "pg" + std::to_string(id);
  node.type = type;
  node.active = true;
  node.upstream_id = upstream;
  node.host = "10.0.0." + std::to_string(10 + id);
  node.conninfo = "host=" + node.host + " user=repmgr password=hunter2";
  return {.node = node, .server = std::move(view)};
}

/// pg1, primary of timeline 2, followed by pg2 and pg3.
inline Snapshot primary() {
  Snapshot s;
  s.generation = 17;
  s.since = now - Millis{12'300};
  s.decided = now - Millis{20};
  s.verdict.rule = Rule::R1;
  s.verdict.advert = Advert::primary;
  s.verdict.vrrp = Vrrp::raise;
  s.verdict.role = Role::primary;
  s.verdict.timeline = 2;
  s.verdict.sentence = "primary of timeline 2, and a majority confirms it";
  Board& b = s.board;
  b.self_id = 1;
  b.self_name = "pg1";
  b.self_host = "10.0.0.11";
  b.nodes_known = true;
  b.server = server(Role::primary, 2, 0x3000060);
  b.server.facts->followers = {{"pg2", "10.0.0.12", "streaming", "async", 0x3000060},
                               {"pg3", "10.0.0.13", "streaming", "async", 0x3000000}};
  b.postmaster = {.process = PostmasterFacts::Process::alive,
                  .why_unknown = {},
                  .pid = 812,
                  .status = "ready",
                  .survivors = 0,
                  .seen = now - Millis{5}};
  b.disk = {.known = true,
            .why_unknown = {},
            .system_identifier = 7'412'345'678'901'234'567,
            .checkpoint_timeline = 2,
            .control_state = "in production",
            .standby_signal = false,
            .recovery_signal = false};
  b.unit = {.known = true,
            .why_unknown = {},
            .name = "postgresql@15-main.service",
            .active_state = "active",
            .sub_state = "running",
            .job = {},
            .control_group = "/system.slice/system-postgresql.slice/postgresql@15-main.service"};
  b.address = {.state = AddressFacts::State::present, .why_unknown = {}, .address = "10.0.0.100"};
  b.keepalived = {
      .state = KeepalivedFacts::State::alive, .why_unknown = {}, .last_notify = "INSTANCE \"VI_1\" MASTER 200"};
  b.marker.state = MarkerFacts::State::none;
  for (int id : {2, 3}) {
    b.peers.push_back(peer(id, Node::Type::standby, 1, server(Role::standby, 2, 0x3000060)));
    b.peers.back().server.facts->receiver = Receiver{.status = "streaming",
                                                     .sender_host = "10.0.0.11",
                                                     .sender_port = 5432,
                                                     .timeline = 2,
                                                     .latest_end_lsn = 0x3000060,
                                                     .message_age = Millis{80}};
  }
  return s;
}

/// pg1 as a standby of pg2; pg3 does not answer.
inline Snapshot standby() {
  Snapshot s = primary();
  s.verdict.rule = Rule::R12;
  s.verdict.advert = Advert::replica;
  s.verdict.vrrp = Vrrp::lower;
  s.verdict.role = Role::standby;
  s.verdict.sentence = "standby of pg2";
  s.verdict.alarms = {"pg3 does not answer"};
  Board& b = s.board;
  b.server = server(Role::standby, 2, 0x3000060);
  b.server.facts->replay_lsn = 0x3000028;
  b.server.facts->replay_delay = Millis{250};
  b.server.facts->receiver = Receiver{.status = "streaming",
                                      .sender_host = "10.0.0.12",
                                      .sender_port = 5432,
                                      .timeline = 2,
                                      .latest_end_lsn = 0x3000060,
                                      .message_age = Millis{80}};
  b.disk.control_state = "in archive recovery";
  b.disk.standby_signal = true;
  b.address.state = AddressFacts::State::absent;
  b.keepalived.last_notify = "INSTANCE \"VI_1\" BACKUP 100";
  b.peers.clear();
  b.peers.push_back(peer(2, Node::Type::primary, 0, server(Role::primary, 2, 0x3000100)));
  b.peers[0].server.facts->followers = {{"pg1", "10.0.0.11", "streaming", "async", 0x3000028}};
  ServerView silent;
  silent.session = {.answer = Answer::timed_out,
                    .detail = "no answer within 1000 ms",
                    .asked = now - Millis{1300},
                    .ended = now - Millis{300},
                    .answered_asked = {},
                    .silent_since = now - Millis{7000}};
  b.peers.push_back(peer(3, Node::Type::standby, 2, silent));
  return s;
}

/// pg1 with PostgreSQL stopped.
inline Snapshot stopped() {
  Snapshot s = primary();
  s.verdict = {};
  s.verdict.rule = Rule::R10;
  s.verdict.vrrp = Vrrp::fault;
  s.verdict.sentence = "PostgreSQL is not running";
  Board& b = s.board;
  b.server = {};
  b.server.session = {
      .answer = Answer::refused,
      .detail = "connection to server on socket \"/run/postgresql/.s.PGSQL.5432\" failed: No such file or directory",
      .asked = now - Millis{50},
      .ended = now - Millis{50},
      .answered_asked = {},
      .silent_since = {}};
  b.server.fresh = b.server.session;
  b.postmaster = {.process = PostmasterFacts::Process::absent,
                  .why_unknown = {},
                  .pid = 0,
                  .status = {},
                  .survivors = 0,
                  .seen = now};
  b.unit.active_state = "inactive";
  b.unit.sub_state = "dead";
  b.disk.control_state = "shut down";
  b.address.state = AddressFacts::State::absent;
  return s;
}

/// pg1, a stale primary that is being stopped: up, but advertised as nothing.
inline Snapshot stale() {
  Snapshot s = primary();
  s.verdict.rule = Rule::R3;
  s.verdict.advert = Advert::down;
  s.verdict.vrrp = Vrrp::fault;
  s.verdict.action = Action::stop_now;
  s.verdict.reason = FenceReason::stale;
  s.verdict.timeline = 1;
  s.verdict.sentence = "stale primary of timeline 1: pg2 is primary of timeline 2 and a majority follows it";
  s.verdict.remove_address = true;
  s.verdict.alarms = {"the address 10.0.0.100 is here and Keepalived is dead", "pg2 \x1b[31m\xff says so"};
  s.fence_phase = "waiting for proof of death";
  s.fence_rungs = {"marker written", "SIGINT to postmaster 812"};
  Board& b = s.board;
  b.server.facts->timeline = 1;
  b.marker = {.state = MarkerFacts::State::fenced,
              .why = {},
              .reasons = {"stale"},
              .sentence = s.verdict.sentence,
              .timeline = 1};
  b.keepalived = {.state = KeepalivedFacts::State::dead, .why_unknown = {}, .last_notify = {}};
  return s;
}

/// The first moments of an agent that can see nothing.
inline Snapshot blind() {
  Snapshot s;
  s.generation = 1;
  s.since = s.decided = now;
  s.level = Level::observe;
  s.verdict.sentence = "nothing is known yet";
  Board& b = s.board;
  b.self_id = 1;
  b.self_name = "pg1";
  b.nodes_why_unknown = "repmgr.nodes: not asked yet";
  b.postmaster.why_unknown = "postmaster.pid: Permission denied";
  b.postmaster.survivors = -1;
  b.disk.why_unknown = "global/pg_control: Permission denied";
  b.unit.why_unknown = "D-Bus: connection refused";
  b.address = {.state = AddressFacts::State::unknown, .why_unknown = "netlink: out of memory", .address = "10.0.0.100"};
  b.keepalived.why_unknown = "/run/keepalived.pid: Permission denied";
  b.marker.why = "/var/lib/picket/fence.json: Input/output error";
  return s;
}

/// Node 3, a host without PostgreSQL that votes.
inline Snapshot witness() {
  Snapshot s;
  s.generation = 2;
  s.since = s.decided = now;
  s.level = Level::lease;
  s.verdict.rule = Rule::W;
  s.verdict.vrrp = Vrrp::fault;
  s.verdict.sentence = "witness, one of 3 voters: it holds no data of the cluster; the newest holder is node 1";
  s.board = board_of_a_witness(3, now - Millis{60'000});
  LeaseFacts& lease = s.board.lease.emplace();
  lease.voters = 3;
  lease.majority = 2;
  lease.won_term = 4;
  lease.won_by = 1;
  s.links = {{1, now - Millis{300}, {{"replayed", 3}}, "R1 primary"}, {2, {}, {}, {}}};
  s.problems = {"node 2 sends with another key"};
  return s;
}

}  // namespace picket::scene
