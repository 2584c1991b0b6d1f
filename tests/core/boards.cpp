#include "core/boards.hpp"

#include <algorithm>

namespace picket {
namespace {
constexpr uint64_t system_identifier = 7'300'000'000'000'000'000;
}  // namespace

Watcher::Watcher(int nodes, int primary) {
  board.self_id = 1;
  board.self_name = board.self_host = "pg1";
  board.nodes_known = true;
  board.started = now;
  board.postmaster = {.process = PostmasterFacts::Process::alive, .pid = 100, .status = "ready"};
  board.disk.known = true;
  board.disk.system_identifier = system_identifier;
  board.unit.known = true;
  board.marker.state = MarkerFacts::State::none;
  for (int node = 1; node <= nodes; ++node) {
    truth_[node].system_identifier = system_identifier;
    truth_[node].started_us = node;
    const std::string name = "pg" + std::to_string(node);
    if (node == 1) continue;
    Node registered{.id = node, .name = name, .type = Node::Type::standby, .active = true, .host = name};
    board.peers.push_back({std::move(registered), {}});
  }
  become_primary(primary, 1);
  for (int node = 1; node <= nodes; ++node)
    if (node != primary) follow(node, primary);
}

void Watcher::become_primary(int node, uint32_t timeline) {
  follow(node, 0);
  truth_[node].role = Role::primary;
  truth_[node].timeline = timeline;
}

void Watcher::follow(int node, int upstream) {
  const std::string name = "pg" + std::to_string(node);
  for (auto& [id, facts] : truth_)
    std::erase_if(facts.followers, [&](const Follower& f) { return f.application_name == name; });
  deaf_since_.erase(node);
  ServerFacts& own = truth_[node];
  own.role = Role::standby;
  own.receiver.reset();
  if (upstream == 0) return;
  own.timeline = truth_[upstream].timeline;
  own.receiver = Receiver{.status = "streaming",
                          .sender_host = "pg" + std::to_string(upstream),
                          .sender_port = 5432,
                          .timeline = own.timeline};
  truth_[upstream].followers.push_back({.application_name = name, .state = "streaming"});
}

void Watcher::local_dead(int survivors) {
  board.postmaster = {.process = PostmasterFacts::Process::absent, .survivors = survivors};
  says(1, Says::refused);
  for (auto& [id, facts] : truth_)
    if (id != 1 && facts.receiver && facts.receiver->sender_host == "pg1") follow(id, 0);
}

void Watcher::local_new_postmaster() {
  board.postmaster = {.process = PostmasterFacts::Process::alive, .pid = board.postmaster.pid + 1, .status = "ready"};
  truth_[1].started_us += 1000;
}

void Watcher::fenced(const std::vector<std::string>& reasons, uint32_t timeline) {
  board.marker = {.state = MarkerFacts::State::fenced, .reasons = reasons, .timeline = timeline};
}

void Watcher::tick(Millis step) {
  now += step;
  for (auto& [id, facts] : truth_) {
    if (facts.receiver) facts.receiver->message_age = deaf_since_.contains(id) ? now - deaf_since_[id] : Millis{100};
    probes_[id].step(id == 1 ? board.server : peer(id).server, says_[id], facts, now);
  }
  board.postmaster.seen = now;
  Step next = decide(memory, board, now, policy);
  memory = std::move(next.memory);
  signals = next.signals;
  if (lines.empty() || !(next.verdict == verdict)) lines.push_back(line_of(next.verdict));
  verdict = std::move(next.verdict);
}

void Watcher::run(Millis duration) {
  for (const Instant end = now + duration; now < end;) tick();
}

// As agent/resume.cpp does it.
void Watcher::restart_agent() {
  Memory resumed;
  resumed.state.held = memory.state.held;
  resumed.started_us = memory.started_us;
  memory = resumed;
  board.started = now;
  board.server = {};
  for (Peer& p : board.peers) p.server = {};
  probes_.clear();
}

std::string line_of(const Verdict& v) {
  std::string text = std::string(word(v.rule)) + " " + std::string(word(v.advert)) + " " + std::string(word(v.vrrp));
  if (v.action != Action::none) text += " " + std::string(word(v.action));
  if (v.remove_address) text += " remove_address";
  if (v.clear_marker) text += " clear_marker";
  text += " | " + v.sentence;
  for (const auto& alarm : v.alarms) text += " ! " + alarm;
  return text;
}

}  // namespace picket
