// What the agents of the simulation see: the board, as agent/observers.cpp fills it, from servers and links as they
// are.

#include <utility>

#include "core/lease/simulation.hpp"

namespace picket::simulation {
namespace {

constexpr uint64_t system_identifier = 1;
constexpr ProbePace local, peers{.fresh_every = Millis{60'000}};
/// wal_sender_timeout and wal_receiver_timeout.
constexpr Moment session_ends = 60 * second;

}  // namespace

void Simulation::begin_to_look(int i) {
  Agent& a = at(i).agent;
  Board& board = a.board;
  board.self_id = i + 1;
  board.self_name = board.self_host = at(i).name;
  board.nodes_known = true;  // kept on disk
  board.started = at(i).clock.at(now_);
  board.keepalived.state = KeepalivedFacts::State::alive;
  board.server = {};
  for (int j = 0; j < count_; ++j) {
    a.probes[static_cast<size_t>(j)] = ModelProbe(j == i ? local : peers, {});
    if (j == i) continue;
    picket::Node node;
    node.id = j + 1;
    node.name = node.host = at(j).name;
    node.type = picket::Node::Type::standby;
    board.peers.push_back({std::move(node), {}});
  }
}

void Simulation::look(int i) {
  Node& n = at(i);
  Agent& a = n.agent;
  Board& board = a.board;
  const Postgres& pg = n.pg;
  const Instant now = n.clock.at(now_);
  board.marker = n.marker;
  look_at_lease(i);
  if (!a.memory.last) return;  // nobody has answered yet

  board.fence_in_progress = pg.dies_at != 0;
  using Process = PostmasterFacts::Process;
  const bool primary = pg.role == Role::primary;
  PostmasterFacts& postmaster = board.postmaster;
  postmaster.process = pg.running ? Process::alive : Process::absent;
  postmaster.pid = pg.running ? pg.pid : 0;
  postmaster.status = !pg.running                ? ""
                      : pg.dies_at != 0          ? "stopping"
                      : now_ < pg.starting_until ? "starting"
                      : primary                  ? "ready"
                                                 : "standby";
  postmaster.left_pid_file = !pg.running && pg.crashed;
  postmaster.seen = now;
  board.disk.known = board.unit.known = true;
  board.disk.system_identifier = system_identifier;
  board.disk.checkpoint_timeline = pg.position.timeline;
  board.disk.control_state = primary ? "in production" : "in archive recovery";
  board.disk.standby_signal = !primary;
  board.unit.active_state = pg.running ? "active" : "inactive";
  board.unit.job = pg.starts_at != 0 ? "start" : "";

  const auto ask = [&](int j, ServerView& view) {
    const Says answer = says(i, j);
    a.probes[static_cast<size_t>(j)].step(view, answer, answer == Says::ok ? truth(j) : at(j).truth, now);
  };
  ask(i, board.server);
  for (Peer& peer : board.peers) ask(peer.node.id - 1, peer.server);
}

// As agent/lease/keeper.cpp.
void Simulation::look_at_lease(int i) {
  Node& n = at(i);
  Agent& a = n.agent;
  const Instant now = n.clock.at(now_);
  LeaseFacts facts{.voters = count_, .majority = n.setup.majority()};
  facts.term = a.lease.term;
  facts.had = n.had;
  facts.valid_until = valid_until(a.lease, n.setup);
  if (a.lease.term != 0 && n.outlives > facts.valid_until) facts.valid_until = n.outlives;
  facts.confirmed = facts.valid_until == Lease::never ? Lease::never : facts.valid_until - n.setup.timing.lease;
  facts.won_term = a.lease.won_term;
  facts.won_by = a.lease.won_by;
  const int winner = a.lease.won_by - 1;
  if (winner >= 0 && winner != i && !cut_[winner][i] && at(winner).agent.up && answers(winner) &&
      at(winner).pg.role == Role::primary)
    a.winner_promoted = now;
  facts.winner_promoted = a.winner_promoted;
  facts.bound = a.lease.promise.to != i + 1 && now < a.lease.bound_until;
  facts.campaigning = now < a.campaign_until;
  for (int j = 0; j < count_; ++j)
    if (j != i && at(j).agent.up && !cut_[j][i] && !frozen(j) && now_ >= at(j).agent_paused_until)
      facts.words.push_back({.voter = j + 1, .at = now});
  a.board.lease = facts;
}

/// How the server of `to` behaves towards a probe of `from`.
Says Simulation::says(int from, int to) const {
  const Postgres& pg = at(to).pg;
  if (from != to && (!path(from, to) || frozen(to))) return Says::silent;
  if (!pg.running) return Says::refused;
  if (now_ < pg.starting_until) return Says::starting;
  return now_ < pg.hung_until ? Says::silent : Says::ok;
}

/// Whether the WAL of `upstream` still comes to `standby` by all that either of them can tell: what a cut keeps from
/// them they do not know before their timeouts.
bool Simulation::streams_from(int standby, int upstream) const {
  const Postgres& pg = at(standby).pg;
  if (pg.heard_from != upstream || pg.heard_pid != at(upstream).pg.pid || now_ - pg.heard > session_ends) return false;
  const bool stands = at(upstream).pg.running && pg.running && pg.role == Role::standby && pg.upstream == upstream;
  return stands || !path(standby, upstream) || now_ < at(standby).host_down_until ||
         now_ < at(upstream).host_down_until;
}

const ServerFacts& Simulation::truth(int i) {
  Node& n = at(i);
  const Postgres& pg = n.pg;
  ServerFacts& f = n.truth;
  f.role = pg.role;
  f.timeline = pg.position.timeline;
  f.system_identifier = system_identifier;
  f.lsn = pg.position.lsn;
  f.replay_lsn = pg.role == Role::standby ? pg.position.lsn : 0;
  f.started_us = pg.pid;
  f.receiver.reset();
  if (pg.role == Role::standby && pg.upstream >= 0 && streams_from(i, pg.upstream)) {
    Receiver& receiver = f.receiver.emplace();
    receiver.status = "streaming";
    receiver.sender_host = at(pg.upstream).name;
    receiver.sender_port = 5432;
    receiver.timeline = pg.position.timeline;
    receiver.latest_end_lsn = pg.position.lsn;
    receiver.message_age = Millis{(now_ - pg.heard) / ms};
  }
  unsigned followers = 0;
  for (int j = 0; j < count_; ++j)
    if (j != i && streams_from(j, i)) followers |= 1U << j;
  if (std::exchange(n.listed, followers) == followers) return f;
  f.followers.clear();
  for (int j = 0; j < count_; ++j) {
    if ((followers >> j & 1U) == 0) continue;
    Follower& follower = f.followers.emplace_back();
    follower.application_name = at(j).name;
    follower.state = "streaming";
  }
  return f;
}

}  // namespace picket::simulation
