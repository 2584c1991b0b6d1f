#include "core/boards.hpp"

#include <algorithm>

namespace picket {
namespace {
constexpr Millis patience{1000};
constexpr Millis fresh_every{2000};
constexpr uint64_t system_identifier = 7'300'000'000'000'000'000;

void ends(Attempts& attempts, Answer answer, Instant asked, Instant now) {
  attempts.answer = answer;
  attempts.asked = asked;
  attempts.ended = now;
  if (from_postgresql(answer)) attempts.answered_asked = asked;
  if (answer != Answer::timed_out) attempts.silent_since.reset();
  if (answer == Answer::timed_out && !attempts.silent_since) attempts.silent_since = asked;
}

std::optional<Answer> answer_of(Says says, bool open_session) {
  switch (says) {
    case Says::ok: return Answer::ok;
    case Says::silent: return std::nullopt;
    case Says::frozen: return open_session ? std::optional(Answer::ok) : std::nullopt;
    case Says::full: return open_session ? Answer::ok : Answer::too_many_connections;
    case Says::refused: return Answer::refused;
    case Says::unreachable: return Answer::unreachable;
    case Says::locked_out: return Answer::authentication_failed;
    case Says::starting: return Answer::starting;
    case Says::stopping: return Answer::stopping;
  }
  return Answer::failed;
}
}  // namespace

void ModelProbe::step(ServerView& view, Says says, const ServerFacts& truth, Instant now) {
  session(view, says, truth, now);
  fresh(view, says, now);
}

void ModelProbe::session(ServerView& view, Says says, const ServerFacts& truth, Instant now) {
  const bool open = view.session.answer == Answer::ok;
  if (!session_asked_) session_asked_ = now;
  const auto answer = answer_of(says, open);
  if (!answer && now - *session_asked_ < patience) return;
  ends(view.session, answer.value_or(Answer::timed_out), *session_asked_, now);
  session_asked_.reset();
  if (!answer) session_asked_ = now;
  if (view.session.answer != Answer::ok) return;
  view.facts = truth;
  view.facts_asked = view.session.asked;
}

void ModelProbe::fresh(ServerView& view, Says says, Instant now) {
  if (!fresh_asked_ && now < fresh_due_) return;
  if (!fresh_asked_) fresh_asked_ = now;
  const auto answer = answer_of(says, false);
  if (!answer && now - *fresh_asked_ < patience) return;
  ends(view.fresh, answer.value_or(Answer::timed_out), *fresh_asked_, now);
  fresh_due_ = *fresh_asked_ + fresh_every;
  fresh_asked_.reset();
  if (!answer) fresh_asked_ = now;
}

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
