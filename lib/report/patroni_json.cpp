#include "report/patroni_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/following.hpp"
#include "report/condition.hpp"
#include "version.hpp"

namespace picket {
namespace {

using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const char* state_of(const Board& board, Instant now, Millis max_age) {
  if (postgresql_up(board, now, max_age)) return "running";
  const PostmasterFacts& p = board.postmaster;
  const Answer answer = board.server.session.answer;
  if (p.process == PostmasterFacts::Process::absent)
    return board.disk.known && board.disk.control_state == "in production" ? "crashed" : "stopped";
  if (p.status == "stopping" || answer == Answer::stopping) return "stopping";
  if (p.status == "starting" || answer == Answer::starting) return "starting";
  return "unknown";
}

/// Somebody may go by this alone, and /patroni always answers 200: a primary that is not confirmed is none.
const char* role_of(const Snapshot& s, Instant now, Millis max_age) {
  if (is_primary(&s, now, max_age)) return "primary";
  if (s.verdict.role == Role::standby) return "replica";
  if (s.verdict.role == Role::primary) return "demoted";
  return s.board.disk.known && !s.board.disk.standby_signal ? "demoted" : "replica";
}

/// A tag's value as YAML would have read it.
Json tag_value(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed == std::errc{} && end == text.data() + text.size()) return number;
  return text;
}

Json tags_json(const Tags& tags) {
  Json json = Json::object();
  for (const auto& [name, value] : tags) json[name] = tag_value(value);
  return json;
}

Json xlog(const ServerFacts& facts, int64_t asked_us) {
  if (facts.role == Role::primary) return {{"location", facts.lsn}};
  return {{"received_location", facts.lsn},
          {"replayed_location", facts.replay_lsn},
          {"replayed_timestamp",
           facts.replay_delay ? Json(moment_text(asked_us - facts.replay_delay->count() * 1000)) : Json(nullptr)},
          {"paused", facts.replay_paused}};
}

void put_server(Json& json, const Snapshot& s, Instant now, int64_t wall_us, Millis max_age) {
  const Board& board = s.board;
  const ServerFacts& facts = *board.server.facts;
  json["postmaster_start_time"] = moment_text(facts.started_us);
  json["server_version"] = facts.server_version;
  json["xlog"] = xlog(facts, wall_us - (now - board.server.facts_asked).count() * 1000);
  if (is_streaming(board.server, now, max_age)) json["replication_state"] = "streaming";
  if (is_in_archive_recovery(board.server, now, max_age)) json["replication_state"] = "in archive recovery";
  const SyncState sync = facts.role == Role::standby ? sync_state(board, now, max_age) : SyncState::unknown;
  if (sync == SyncState::sync) json["sync_standby"] = true;
  if (sync == SyncState::quorum) json["quorum_standby"] = true;
  if (facts.timeline != 0) json["timeline"] = facts.timeline;
  for (const Follower& f : facts.followers) {
    json["replication"].push_back({{"application_name", f.application_name},
                                   {"client_addr", f.client_addr.empty() ? Json(nullptr) : Json(f.client_addr)},
                                   {"state", f.state},
                                   {"sync_state", f.sync_state}});
  }
}

/// The node that the cluster is led by, as far as this one knows: 0 none, or nobody can say.
int leader_id(const Snapshot& s, Instant now, Millis max_age) {
  if (is_primary(&s, now, max_age)) return s.board.self_id;
  const uint64_t own = s.board.server.facts ? s.board.server.facts->system_identifier : s.board.disk.system_identifier;
  const Peer* peer = primary_in_sight(s.board, own, now, max_age);
  return peer ? peer->node.id : 0;
}

Json member(int id, const std::string& name, const std::string& host, int port, const FaceOptions& options,
            bool leads) {
  const std::string shown = host.find(':') == std::string::npos ? host : '[' + host + ']';
  return {{"name", name.empty() ? "node " + std::to_string(id) : name},
          {"role", leads ? "leader" : "replica"},
          {"state", "unknown"},
          {"api_url", "http://" + shown + ':' + std::to_string(options.port) + "/patroni"},
          {"host", host},
          {"port", port}};
}

Json lag_value(const std::optional<Lsn>& bytes) { return bytes ? Json(*bytes) : Json("unknown"); }

void put_positions(Json& json, const ServerView& server, const Board& board, Instant now, Millis max_age, bool leads) {
  const bool known = server.facts && server.session.answer == Answer::ok && now - server.facts_asked <= max_age;
  if (known && server.facts->timeline != 0) json["timeline"] = server.facts->timeline;
  if (leads) {
    if (known) json["lsn"] = server.facts->lsn;
    return;
  }
  const Lag lag = lag_of(server, board, now, max_age);
  json["lag"] = json["replay_lag"] = lag_value(lag.bytes);
  json["receive_lag"] = lag_value(lag.unwritten);
  if (known && server.facts->replay_lsn != 0) json["replay_lsn"] = server.facts->replay_lsn;
  if (known && server.facts->lsn != 0) json["receive_lsn"] = json["lsn"] = server.facts->lsn;
}

const char* state_of_peer(const ServerView& server, Instant now, Millis max_age) {
  if (is_streaming(server, now, max_age)) return "streaming";
  if (is_in_archive_recovery(server, now, max_age)) return "in archive recovery";
  switch (server.session.answer) {
    case Answer::ok: return "running";
    case Answer::starting: return "starting";
    case Answer::stopping: return "stopping";
    case Answer::refused: return "stopped";
    default: return "unknown";
  }
}

const char* standby_role(const Board& board, const std::string& name, int leader) {
  const ServerFacts* facts = nullptr;
  if (leader == board.self_id && board.server.facts) facts = &*board.server.facts;
  for (const Peer& peer : board.peers) {
    if (peer.node.id == leader && peer.server.facts) facts = &*peer.server.facts;
  }
  if (!facts) return "replica";
  for (const Follower& f : facts->followers) {
    if (f.application_name != name) continue;
    if (f.sync_state == "sync") return "sync_standby";
    if (f.sync_state == "quorum") return "quorum_standby";
  }
  return "replica";
}

/// A line of a timeline history file: the timeline, where it was left, and why, parted by blanks.
std::optional<Json> switch_of(const std::string& line) {
  unsigned timeline = 0, high = 0, low = 0;
  int end = 0;
  if (std::sscanf(line.c_str(), "%10u %8X/%8X%n", &timeline, &high, &low, &end) != 3) return {};
  const size_t reason = line.find_first_not_of(" \t", static_cast<size_t>(end));
  return Json::array({timeline, Lsn{high} << 32 | low, reason == std::string::npos ? "" : line.substr(reason)});
}

/// 0: unknown.
uint64_t own_system(const Board& board) {
  if (board.server.facts) return board.server.facts->system_identifier;
  return board.disk.known ? board.disk.system_identifier : 0;
}

}  // namespace

std::string history_json(const Snapshot* s) {
  Json list = Json::array();
  std::istringstream lines(s ? s->timeline_history : "");
  for (std::string line; std::getline(lines, line);)
    if (auto one = switch_of(line)) list.push_back(std::move(*one));
  return dumped(list);
}

std::string moment_text(int64_t us) {
  const std::time_t seconds = us / 1'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 80> text{};
  const size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  std::string fraction = std::to_string(us % 1'000'000);
  fraction.insert(0, 6 - std::min<size_t>(6, fraction.size()), '0');
  return std::string(text.data(), n) + '.' + fraction + "+00:00";
}

int64_t majority_last_seen(const Board& board, Instant now, int64_t wall_us) {
  std::vector<Instant> answers{now};
  for (const Peer& peer : board.peers) answers.push_back(peer.server.session.answered_asked.value_or(Instant{}));
  std::ranges::sort(answers, std::greater{});
  const Instant last = answers[answers.size() / 2];
  return last == Instant{} ? 0 : (wall_us - (now - last).count() * 1000) / 1'000'000;
}

std::string patroni_json(const Snapshot* s, Instant now, int64_t wall_us, const FaceOptions& options) {
  Json json = Json::object();
  static const Snapshot nothing;
  const Board& board = s ? s->board : nothing.board;
  json["state"] = state_of(board, now, options.max_age);
  json["role"] = role_of(s ? *s : nothing, now, options.max_age);
  if (postgresql_up(board, now, options.max_age)) put_server(json, *s, now, wall_us, options.max_age);
  if (!s || leader_id(*s, now, options.max_age) == 0) json["cluster_unlocked"] = true;
  json["dcs_last_seen"] = majority_last_seen(board, now, wall_us);
  if (!options.tags.empty()) json["tags"] = tags_json(options.tags);
  if (const uint64_t system = own_system(board); system != 0)
    json["database_system_identifier"] = std::to_string(system);
  json["patroni"] = {{"version", version}, {"scope", options.scope}, {"name", board.self_name}};
  return dumped(json);
}

std::string cluster_json(const Snapshot* s, Instant now, const FaceOptions& options) {
  Json members = Json::array();
  if (s) {
    const Board& board = s->board;
    const int leader = leader_id(*s, now, options.max_age);
    const bool leads = leader == board.self_id;
    Json self = member(board.self_id, board.self_name, board.self_host, board.self_port, options, leads);
    if (!leads) self["role"] = standby_role(board, board.self_name, leader);
    const bool standby =
        is_streaming(board.server, now, options.max_age) || is_in_archive_recovery(board.server, now, options.max_age);
    self["state"] = standby ? state_of_peer(board.server, now, options.max_age) : state_of(board, now, options.max_age);
    if (!options.tags.empty()) self["tags"] = tags_json(options.tags);
    put_positions(self, board.server, board, now, options.max_age, leads);
    members.push_back(std::move(self));
    for (const Peer& peer : board.peers) {
      if (is_witness(peer, own_system(board))) continue;
      const bool is_leader = peer.node.id == leader;
      Json json = member(peer.node.id, peer.node.name, peer.node.host, peer.node.port, options, is_leader);
      if (!is_leader) json["role"] = standby_role(board, peer.node.name, leader);
      json["state"] = state_of_peer(peer.server, now, options.max_age);
      put_positions(json, peer.server, board, now, options.max_age, is_leader);
      members.push_back(std::move(json));
    }
  }
  std::sort(members.begin(), members.end(), [](const Json& a, const Json& b) { return a["name"] < b["name"]; });
  return dumped(Json{{"members", std::move(members)}, {"scope", options.scope}});
}

}  // namespace picket
