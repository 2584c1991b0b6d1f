#include "flight/supposition.hpp"

#include <algorithm>
#include <sstream>

namespace picket {
namespace {

constexpr const char* of_a_peer = "unreachable, refused, hung, promoted, follows NODE";
constexpr const char* of_this_server = "crashed, stopped, hung, unreachable, follows NODE";

/// How a server behaves that was seen like that.
Says behaviour(const ServerView& view) {
  switch (view.session.answer) {
    case Answer::ok:
      if (view.fresh.answer == Answer::timed_out) return Says::frozen;
      return view.fresh.answer == Answer::too_many_connections ? Says::full : Says::ok;
    case Answer::starting: return Says::starting;
    case Answer::stopping: return Says::stopping;
    case Answer::too_many_connections: return Says::full;
    case Answer::authentication_failed: return Says::locked_out;
    case Answer::refused: return Says::refused;
    case Answer::unreachable: return Says::unreachable;
    case Answer::timed_out: return Says::silent;
    case Answer::none_yet:
    case Answer::closed:
    case Answer::garbage:
    case Answer::failed: break;
  }
  return Says::failed;
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;)
    if (word != "is" && word != "are") words.push_back(word);
  return words;
}

}  // namespace

Supposition::Supposition(const Board& now) : board(now) {
  const auto add = [this](int id, const ServerView& view) {
    truth[id] = view.facts.value_or(ServerFacts{});
    says[id] = behaviour(view);
  };
  add(board.self_id, board.server);
  for (const Peer& p : board.peers) add(p.node.id, p.server);
}

const Peer* Supposition::peer(std::string_view name) const {
  const auto found = std::ranges::find(board.peers, name, [](const Peer& p) { return std::string_view(p.node.name); });
  return found == board.peers.end() ? nullptr : &*found;
}

int Supposition::id_of(std::string_view name) const {
  if (name == board.self_name) return board.self_id;
  const Peer* found = peer(name);
  return found ? found->node.id : 0;
}

Supposition::Place Supposition::place_of(int id) const {
  for (const Peer& p : board.peers)
    if (p.node.id == id) return {p.node.host, p.node.port};
  return {board.self_host, board.self_port};
}

std::string Supposition::name_of(int id) const {
  for (const Peer& p : board.peers)
    if (p.node.id == id) return p.node.name;
  return board.self_name;
}

/// Node `id` streams from nobody any more, and with `to_it` nobody from it.
void Supposition::cut_streams(int id, bool to_it) {
  truth[id].receiver.reset();
  const std::string name = name_of(id);
  const Place place = place_of(id);
  for (auto& [other, facts] : truth) {
    std::erase_if(facts.followers, [&](const Follower& f) { return f.application_name == name; });
    const auto& from = facts.receiver;
    if (to_it && from && from->sender_host == place.host && from->sender_port == place.port) facts.receiver.reset();
  }
  if (to_it) truth[id].followers.clear();
}

void Supposition::promote(int id) {
  cut_streams(id, true);
  uint32_t newest = 0;
  for (const auto& [other, facts] : truth) newest = std::max(newest, facts.timeline);
  ServerFacts& facts = truth[id];
  facts.role = Role::primary;
  facts.timeline = newest + 1;
  facts.system_identifier = truth[board.self_id].system_identifier;
  says[id] = Says::ok;
}

void Supposition::follow(int id, int upstream) {
  cut_streams(id, false);
  ServerFacts& facts = truth[id];
  const Place place = place_of(upstream);
  facts.role = Role::standby;
  facts.timeline = truth[upstream].timeline;
  facts.system_identifier = truth[upstream].system_identifier;
  facts.receiver = Receiver{.status = "streaming",
                            .sender_host = place.host,
                            .sender_port = place.port,
                            .timeline = facts.timeline,
                            .latest_end_lsn = truth[upstream].lsn,
                            .message_age = {}};
  truth[upstream].followers.push_back(
      {.application_name = name_of(id), .client_addr = "", .state = "streaming", .sync_state = "async"});
  says[id] = Says::ok;
}

std::string Supposition::take_upstream(int id, const std::string& name) {
  const int upstream = id_of(name);
  if (upstream == 0 || upstream == id) return "\"" + name + "\" is no node that " + name_of(id) + " could follow";
  follow(id, upstream);
  supposed.push_back(name_of(id) + " streams from " + name);
  return "";
}

std::string Supposition::of_peer(const Peer& peer, const std::vector<std::string>& words) {
  const std::string& name = peer.node.name;
  const int id = peer.node.id;
  const std::string what = words.size() > 1 ? words[1] : "";
  if (what == "follows" && words.size() == 3) return take_upstream(id, words[2]);
  if (words.size() != 2) {
    return name + " can be supposed to be: " + of_a_peer;
  } else if (what == "unreachable") {
    says[id] = Says::silent;
    supposed.push_back(name + " does not answer this node any more; what the others see stays as it is");
  } else if (what == "refused") {
    says[id] = Says::refused;
    cut_streams(id, true);
    supposed.push_back("PostgreSQL on " + name + " is down, its host answers");
  } else if (what == "hung") {
    says[id] = Says::frozen;
    supposed.push_back(name + " answers on open sessions and lets nobody else in");
  } else if (what == "promoted") {
    promote(id);
    supposed.push_back(name + " is promoted to timeline " + std::to_string(truth[id].timeline) +
                       ", nobody follows it yet");
  } else {
    return "\"" + what + "\": " + name + " can be supposed to be: " + of_a_peer;
  }
  return "";
}

std::string Supposition::of_local(const std::vector<std::string>& words) {
  if (words.size() == 3 && words[1] == "follows") return take_upstream(board.self_id, words[2]);
  const std::string what = words.size() == 2 ? words[1] : "";
  if (what == "unreachable") {
    for (const Peer& p : board.peers) says[p.node.id] = Says::silent;
    supposed.emplace_back("no other node answers this one");
  } else if (what == "crashed" || what == "stopped") {
    const bool crashed = what == "crashed";
    board.postmaster.process = PostmasterFacts::Process::absent;
    board.postmaster.pid = 0;
    board.postmaster.status.clear();
    board.postmaster.survivors = 0;
    board.postmaster.left_pid_file = crashed;
    says[board.self_id] = Says::refused;
    cut_streams(board.self_id, true);
    supposed.emplace_back(crashed ? "PostgreSQL crashes here" : "PostgreSQL is shut down here");
  } else if (what == "hung") {
    says[board.self_id] = Says::frozen;
    supposed.emplace_back("PostgreSQL here answers on open sessions and lets nobody else in");
  } else {
    return (what.empty() ? "" : "\"" + what + "\": ") + "PostgreSQL here can be supposed to be: " + of_this_server;
  }
  return "";
}

std::string Supposition::take(std::string_view clause) {
  const std::vector<std::string> words = words_of(clause);
  if (words.empty()) return "an empty clause";
  const std::string& subject = words.front();
  if (subject == "postgresql" || subject == board.self_name) return of_local(words);
  if (const Peer* found = peer(subject)) return of_peer(*found, words);
  if (subject == "everybody") {
    for (const Peer& p : board.peers)
      if (const std::string error = of_peer(p, words); !error.empty()) return error;
    return "";
  }
  if (words == std::vector<std::string>{"keepalived", "dead"}) {
    board.keepalived.state = KeepalivedFacts::State::dead;
    supposed.emplace_back("Keepalived is dead here");
    return "";
  }
  if (words == std::vector<std::string>{"dbus", "gone"}) {
    board.unit.known = false;
    board.keepalived.state = KeepalivedFacts::State::unknown;
    board.unit.why_unknown = board.keepalived.why_unknown = "D-Bus does not answer";
    supposed.emplace_back("D-Bus does not answer here");
    return "";
  }
  std::string known = board.self_name + " (this node)";
  for (const Peer& p : board.peers) known += ", " + p.node.name;
  return "\"" + std::string(clause) + "\" is not known here; clauses begin with " + known +
         ", everybody or postgresql, or are \"keepalived dead\" or \"dbus gone\"";
}

}  // namespace picket
