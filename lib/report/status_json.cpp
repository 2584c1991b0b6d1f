#include "report/status_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/lag.hpp"
#include "core/words.hpp"
#include "report/words.hpp"
#include "version.hpp"

namespace picket {
namespace {

// Ordered: people read it too.
using Json = nlohmann::ordered_json;

double seconds(Millis m) { return static_cast<double>(m.count()) / 1000.0; }

template <class T>
Json or_null(bool known, const T& value) {
  return known ? Json(value) : Json(nullptr);
}

Json non_empty(const std::string& text) { return or_null(!text.empty(), text); }
Json non_zero(uint64_t number) { return or_null(number != 0, number); }
Json lsn(Lsn position) { return or_null(position != 0, lsn_text(position)); }
Json identifier(uint64_t id) { return or_null(id != 0, std::to_string(id)); }  // JSON numbers end at 2^53

Json attempts(const Attempts& a, Instant now) {
  const bool asked = a.answer != Answer::none_yet;
  return {{"answer", word(a.answer)},
          {"detail", non_empty(a.detail)},
          {"age_s", or_null(asked, seconds(now - a.ended))},
          {"silent_s", a.silent_since ? Json(seconds(now - *a.silent_since)) : Json(nullptr)}};
}

/// Why a server's facts are not there.
std::string why_no_facts(const ServerView& view) {
  std::string why(word(view.session.answer));
  if (!view.session.detail.empty()) why += ": " + view.session.detail;
  return why;
}

Json receiver(const std::optional<ServerFacts>& facts) {
  if (!facts || !facts->receiver) return nullptr;
  const Receiver& r = *facts->receiver;
  return {{"status", non_empty(r.status)},
          {"sender_host", non_empty(r.sender_host)},
          {"sender_port", or_null(r.sender_port != 0, r.sender_port)},
          {"timeline", non_zero(r.timeline)},
          {"latest_end_lsn", lsn(r.latest_end_lsn)},
          {"message_age_s", seconds(r.message_age)}};
}

Json followers(const std::optional<ServerFacts>& facts) {
  Json list = Json::array();
  if (!facts) return list;
  for (const Follower& f : facts->followers) {
    list.push_back({{"name", f.application_name},
                    {"client_addr", non_empty(f.client_addr)},
                    {"state", f.state},
                    {"sync_state", f.sync_state},
                    {"replay_lsn", lsn(f.replay_lsn)}});
  }
  return list;
}

Json lag(const ServerView& server, const Board& board, Instant now, Millis fresh) {
  const Lag l = lag_of(server, board, now, fresh);
  return {{"bytes", l.bytes ? Json(*l.bytes) : Json(nullptr)},
          {"unreceived_bytes", l.unwritten ? Json(*l.unwritten) : Json(nullptr)},
          {"seconds", l.time ? Json(seconds(*l.time)) : Json(nullptr)},
          {"why", l.bytes ? Json(nullptr) : Json(l.why)}};
}

Json postmaster(const PostmasterFacts& p, Instant now) {
  const bool known = p.process != PostmasterFacts::Process::unknown;
  return {{"process", or_null(known, word(p.process))},
          {"why", non_empty(p.why_unknown)},
          {"pid", or_null(p.pid != 0, p.pid)},
          {"status", non_empty(p.status)},
          {"survivors", or_null(p.survivors >= 0, p.survivors)},
          {"age_s", or_null(p.seen != Instant{}, seconds(now - p.seen))}};
}

Json disk(const DiskFacts& d) {
  return {{"why", d.known ? Json(nullptr) : Json(d.why_unknown)},
          {"system_identifier", identifier(d.known ? d.system_identifier : 0)},
          {"checkpoint_timeline", non_zero(d.known ? d.checkpoint_timeline : 0)},
          {"control_state", or_null(d.known, d.control_state)},
          {"standby_signal", or_null(d.known, d.standby_signal)},
          {"recovery_signal", or_null(d.known, d.recovery_signal)}};
}

Json unit(const UnitFacts& u) {
  return {{"name", non_empty(u.name)},
          {"why", u.known ? Json(nullptr) : Json(u.why_unknown)},
          {"active_state", or_null(u.known, u.active_state)},
          {"sub_state", or_null(u.known, u.sub_state)},
          {"job", u.known ? non_empty(u.job) : Json(nullptr)},
          {"control_group", u.known ? non_empty(u.control_group) : Json(nullptr)}};
}

Json address(const AddressFacts& a) {
  return {{"address", non_empty(a.address)},
          {"state", or_null(a.state != AddressFacts::State::unknown, word(a.state))},
          {"why", non_empty(a.why_unknown)}};
}

Json keepalived(const KeepalivedFacts& k) {
  return {{"state", or_null(k.state != KeepalivedFacts::State::unknown, word(k.state))},
          {"why", non_empty(k.why_unknown)},
          {"last_notify", non_empty(k.last_notify)}};
}

/// The keys that the local server and the peers share.
void put_facts(Json& json, const ServerView& view, Instant now) {
  const ServerFacts none;
  const ServerFacts& facts = view.facts ? *view.facts : none;
  json["role"] = or_null(facts.role != Role::unknown, word(facts.role));
  json["why"] = view.facts ? Json(nullptr) : Json(why_no_facts(view));
  json["timeline"] = non_zero(facts.timeline);
  json["lsn"] = lsn(facts.lsn);
  json["replay_lsn"] = lsn(facts.replay_lsn);
  json["replay_delay_s"] = facts.replay_delay ? Json(seconds(*facts.replay_delay)) : Json(nullptr);
  json["system_identifier"] = identifier(facts.system_identifier);
  json["server_version"] = or_null(facts.server_version != 0, facts.server_version);
  json["facts_age_s"] = or_null(view.facts.has_value(), seconds(now - view.facts_asked));
}

Json local(const Board& board, Instant now, Millis fresh) {
  Json json = Json::object();
  put_facts(json, board.server, now);
  json["replay_paused"] =
      or_null(board.server.facts.has_value(), board.server.facts && board.server.facts->replay_paused);
  json["lag"] = lag(board.server, board, now, fresh);
  json["postmaster"] = postmaster(board.postmaster, now);
  json["session"] = attempts(board.server.session, now);
  json["fresh"] = attempts(board.server.fresh, now);
  json["disk"] = disk(board.disk);
  json["unit"] = unit(board.unit);
  json["address"] = address(board.address);
  json["keepalived"] = keepalived(board.keepalived);
  json["receiver"] = receiver(board.server.facts);
  json["followers"] = followers(board.server.facts);
  return json;
}

Json name_of(int id, const Board& board) {
  if (id == 0) return nullptr;
  if (id == board.self_id) return board.self_name;
  for (const Peer& peer : board.peers) {
    if (peer.node.id == id) return peer.node.name;
  }
  return "node " + std::to_string(id);
}

Json peer_json(const Peer& peer, const Board& board, Instant now, Millis fresh) {
  Json json = {{"id", peer.node.id},
               {"name", peer.node.name},
               {"type", or_null(peer.node.type != Node::Type::unknown, word(peer.node.type))},
               {"active", peer.node.active},
               {"host", peer.node.host},
               {"port", peer.node.port},
               {"upstream", name_of(peer.node.upstream_id, board)}};
  json.update(attempts(peer.server.session, now));
  put_facts(json, peer.server, now);
  json["lag"] = lag(peer.server, board, now, fresh);
  json["receiver"] = receiver(peer.server.facts);
  json["followers"] = followers(peer.server.facts);
  return json;
}

Json verdict_json(const Snapshot& s, Instant now) {
  const Verdict& v = s.verdict;
  return {{"generation", s.generation},
          {"rule", word(v.rule)},
          {"sentence", v.sentence},
          {"role", or_null(v.role != Role::unknown, word(v.role))},
          {"timeline", non_zero(v.timeline)},
          {"advert", word(v.advert)},
          {"vrrp", word(v.vrrp)},
          {"action", word(v.action)},
          {"reason", or_null(v.reason != FenceReason::none, word(v.reason))},
          {"remove_address", v.remove_address},
          {"since_s", seconds(now - s.since)},
          {"age_s", seconds(now - s.decided)},
          {"alarms", v.alarms}};
}

Json maintenance(const Snapshot& s, Instant now) {
  if (!s.maintenance) return nullptr;
  return {{"reason", s.maintenance->reason},
          {"by", s.maintenance->by},
          {"left_s", seconds(std::max(s.maintenance->until - now, Millis{0}))}};
}

Json client_gate(const Snapshot& s, Instant now) {
  if (!s.client_gate) return nullptr;
  const ClientGateView& gate = *s.client_gate;
  const bool open = now < gate.open_until;
  return {{"port", gate.port},
          {"open", open},
          {"left_s", or_null(open, open ? seconds(gate.open_until - now) : 0.0)},
          {"problem", non_empty(gate.problem)}};
}

Json lease(const Snapshot& s, Instant now) {
  if (!s.board.lease) return nullptr;
  const LeaseFacts& l = *s.board.lease;
  const bool valid = now < l.valid_until;
  Json links = Json::array();
  for (const AgentLink& link : s.links) {
    Json dropped = Json::object();
    for (const auto& [why, count] : link.dropped) dropped[why] = count;
    links.push_back({{"node", name_of(link.id, s.board)},
                     {"heard_s", or_null(link.heard.has_value(), link.heard ? seconds(now - *link.heard) : 0.0)},
                     {"says", non_empty(link.says)},
                     {"dropped", dropped}});
  }
  return {{"valid", valid},
          {"left_s", or_null(valid, valid ? seconds(l.valid_until - now) : 0.0)},
          {"term", non_zero(l.term)},
          {"wish", word(s.verdict.lease)},
          {"voters", l.voters},
          {"majority", l.majority},
          {"holder", name_of(l.won_by, s.board)},
          {"holder_term", non_zero(l.won_term)},
          {"campaigning", l.campaigning},
          {"client_gate", client_gate(s, now)},
          {"agents", links}};
}

Json fence(const Snapshot& s) {
  const MarkerFacts& m = s.board.marker;
  const bool known = m.state == MarkerFacts::State::none || m.state == MarkerFacts::State::fenced;
  return {{"fenced", or_null(known, m.state == MarkerFacts::State::fenced)},
          {"state", word(m.state)},
          {"why", non_empty(m.why)},
          {"reasons", m.reasons},
          {"sentence", non_empty(m.sentence)},
          {"timeline", non_zero(m.timeline)},
          {"rejoin", non_empty(s.rejoin)},
          {"phase", non_empty(s.fence_phase)},
          {"rungs", s.fence_rungs}};
}

}  // namespace

std::string status_json(const Snapshot& s, Instant now) {
  const Board& board = s.board;
  Json json = {
      {"schema", 1},
      {"version", version},
      {"node",
       {{"id", board.self_id}, {"name", board.self_name}, {"host", board.self_host}, {"port", board.self_port}}},
      {"level", word(s.level)},
      {"verdict", verdict_json(s, now)},
      {"local", local(board, now, s.fresh)},
      {"nodes", {{"known", board.nodes_known}, {"why", non_empty(board.nodes_why_unknown)}}},
      {"peers", Json::array()},
      {"fence", fence(s)},
      {"maintenance", maintenance(s, now)},
      {"lease", lease(s, now)},
      {"problems", s.problems}};
  for (const Peer& peer : board.peers) json["peers"].push_back(peer_json(peer, board, now, s.fresh));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace picket
