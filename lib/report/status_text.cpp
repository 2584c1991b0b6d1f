#include "report/status_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <vector>

namespace picket {
namespace {

using Json = nlohmann::json;

/// A daemon that decides several times a second and has not for so many seconds is stuck.
constexpr double silence = 3;

/// The value below `key`, or null when `json` is no object or has no such key.
const Json& at(const Json& json, const char* key) {
  static const Json none;
  if (!json.is_object()) return none;
  const auto found = json.find(key);
  return found == json.end() ? none : *found;
}

/// Control characters would let a server's error text drive the terminal.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

std::string text(const Json& value, const std::string& missing = "?") {
  if (value.is_null()) return missing;
  if (value.is_string()) return printable(value.get<std::string>());
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string duration(const Json& value) {
  if (!value.is_number()) return "?";
  const double s = value.get<double>();
  std::array<char, 64> out{};
  if (s < 10) {
    std::snprintf(out.data(), out.size(), "%.1f s", s);
  } else if (s < 600) {
    std::snprintf(out.data(), out.size(), "%.0f s", s);
  } else if (s < 2 * 86400.0) {
    std::snprintf(out.data(), out.size(), "%.0f min", s / 60);
  } else {
    std::snprintf(out.data(), out.size(), "%.0f days", s / 86400);
  }
  return out.data();
}

std::string join(const Json& list, const char* separator) {
  std::string out;
  if (!list.is_array()) return out;
  for (const Json& entry : list) out += (out.empty() ? "" : separator) + text(entry);
  return out;
}

void line(std::string& out, const std::string& label, const std::string& value) {
  std::string padded = "  " + label;
  padded.resize(std::max<size_t>(padded.size() + 1, 15), ' ');
  out += padded + value + '\n';
}

/// "state, why": the reason stands where the state is not known.
std::string state(const Json& json, const char* key) {
  const Json& value = at(json, key);
  if (!value.is_null()) return text(value);
  const std::string why = text(at(json, "why"), "");
  return why.empty() ? "unknown" : "unknown: " + why;
}

std::string attempt(const Json& json) {
  std::string out = text(at(json, "answer"));
  if (const std::string detail = text(at(json, "detail"), ""); !detail.empty()) out += ": " + detail;
  if (at(json, "age_s").is_number()) out += " (" + duration(at(json, "age_s")) + " ago)";
  return out;
}

std::string client_gate(const Json& gate) {
  if (!gate.is_object()) return "";
  // What is wrong with it is among the problems.
  return "\n  client gate: port " + text(at(gate, "port")) +
         (at(gate, "open") == true ? ", open for another " + duration(at(gate, "left_s")) : ", closed");
}

void put_verdict(std::string& out, const Json& status) {
  const Json& v = at(status, "verdict");
  out += text(at(v, "rule")) + "  " + text(at(v, "sentence")) + '\n';
  const std::string timeline = text(at(v, "timeline"), "");
  out += "  " + text(at(v, "role"), "role unknown") + (timeline.empty() ? "" : ", timeline " + timeline) +
         "; health page says " + text(at(v, "advert")) + "; Keepalived is told " + text(at(v, "vrrp")) + "; for " +
         duration(at(v, "since_s")) + ", decided " + duration(at(v, "age_s")) + " ago\n";
  if (const std::string action = text(at(v, "action"), "none"); action != "none") {
    const std::string reason = text(at(v, "reason"), "");
    out += "  ACTION " + action + (reason.empty() ? "" : " (" + reason + ")") +
           (text(at(status, "level")) == "observe" ? ", not taken: level observe" : "") + '\n';
  }
  if (const Json& age = at(v, "age_s"); age.is_number() && age.get<double>() > silence) {
    out += "  ! picketd has not decided anything for " + duration(age) + ": what follows is old\n";
  }
  if (const Json& m = at(status, "maintenance"); m.is_object())
    out += "  ! MAINTENANCE for another " + duration(at(m, "left_s")) + ": " + text(at(m, "reason")) + " (" +
           text(at(m, "by")) + ")\n";
  if (const Json& l = at(status, "lease"); l.is_object())
    out += "  lease: " +
           (at(l, "valid") == true ? "held here, for another " + duration(at(l, "left_s"))
                                   : "not held here; last by " + text(at(l, "holder"), "nobody known")) +
           (at(l, "campaigning") == true ? ", asked for by a promotion" : "") + client_gate(at(l, "client_gate")) +
           '\n';
  if (at(v, "alarms").is_array()) {
    for (const Json& alarm : at(v, "alarms")) out += "  ! " + text(alarm) + '\n';
  }
  if (at(status, "problems").is_array()) {
    for (const Json& problem : at(status, "problems")) out += "  ! " + text(problem) + '\n';
  }
}

std::string server(const Json& local) {
  if (at(local, "role").is_null()) return state(local, "role");
  std::string out =
      text(at(local, "role")) + ", timeline " + text(at(local, "timeline")) + ", at " + text(at(local, "lsn"));
  if (!at(local, "replay_lsn").is_null()) out += ", replayed " + text(at(local, "replay_lsn"));
  if (at(local, "replay_paused") == true) out += ", REPLAY PAUSED";
  return out + " (" + duration(at(local, "facts_age_s")) + " ago)";
}

std::string postmaster(const Json& p) {
  std::string out = state(p, "process");
  if (!at(p, "pid").is_null()) out += ", pid " + text(at(p, "pid"));
  if (!at(p, "status").is_null()) out += ", " + text(at(p, "status"));
  if (const Json& n = at(p, "survivors"); n.is_number_integer() && n > 0) out += ", " + text(n) + " SURVIVORS";
  return out;
}

/// The other agents, as the link of the lease hears them.
void put_agents(std::string& out, const Json& status) {
  const Json& agents = at(at(status, "lease"), "agents");
  if (!agents.is_array()) return;
  for (const Json& agent : agents) {
    const std::string says = text(at(agent, "says"), "");
    line(out, "agent",
         text(at(agent, "node")) +
             (at(agent, "heard_s").is_null() ? " has not been heard"
                                             : ", heard " + duration(at(agent, "heard_s")) + " ago") +
             (says.empty() ? "" : ": " + says));
  }
}

void put_local(std::string& out, const Json& status) {
  const Json& node = at(status, "node");
  const Json& local = at(status, "local");
  out += "\nThis node: " + text(at(node, "name")) + " (id " + text(at(node, "id")) + "), level " +
         text(at(status, "level")) + ", picket " + text(at(status, "version")) + '\n';
  put_agents(out, status);
  // A witness that has no server at all.
  if (text(at(at(status, "verdict"), "rule")) == "W" && at(at(local, "disk"), "control_state").is_null()) return;
  line(out, "PostgreSQL", server(local));
  if (const Json& lag = at(local, "lag"); text(at(local, "role"), "") == "standby" && lag.is_object()) {
    line(out, "lag",
         at(lag, "bytes").is_null() ? state(lag, "bytes")
                                    : text(at(lag, "bytes")) + " bytes, " + duration(at(lag, "seconds")));
  }
  line(out, "postmaster", postmaster(at(local, "postmaster")));
  line(out, "session", attempt(at(local, "session")));
  line(out, "new session", attempt(at(local, "fresh")));
  const Json& unit = at(local, "unit");
  std::string unit_text =
      text(at(unit, "name"), "") + (at(unit, "name").is_null() ? "" : ", ") + state(unit, "active_state");
  if (!at(unit, "sub_state").is_null()) unit_text += " (" + text(at(unit, "sub_state")) + ')';
  if (!at(unit, "job").is_null()) unit_text += ", job " + text(at(unit, "job")) + " queued";
  line(out, "unit", unit_text);
  const Json& disk = at(local, "disk");
  line(out, "disk",
       state(disk, "control_state") + (at(disk, "standby_signal") == true ? ", standby.signal" : "") +
           (at(disk, "recovery_signal") == true ? ", recovery.signal" : ""));
  const Json& address = at(local, "address");
  line(out, "address",
       text(at(address, "address"), "") + (at(address, "address").is_null() ? "" : " ") + state(address, "state"));
  const Json& keepalived = at(local, "keepalived");
  line(out, "Keepalived",
       state(keepalived, "state") +
           (at(keepalived, "last_notify").is_null() ? "" : ", last said: " + text(at(keepalived, "last_notify"))));
  if (const Json& r = at(local, "receiver"); r.is_object()) {
    line(out, "receives",
         text(at(r, "status"), "state hidden") + " from " + text(at(r, "sender_host")) + ':' +
             text(at(r, "sender_port")) + ", last message " + duration(at(r, "message_age_s")) + " ago");
  }
  if (const Json& list = at(local, "followers"); list.is_array()) {
    for (const Json& f : list) {
      line(out, "follower",
           text(at(f, "name")) + ' ' + text(at(f, "state")) + ' ' + text(at(f, "sync_state")) + ", replayed " +
               text(at(f, "replay_lsn")));
    }
  }
}

using Row = std::array<std::string, 10>;

void put_peers(std::string& out, const Json& status) {
  const Json& peers = at(status, "peers");
  out += "\nPeers";
  if (!peers.is_array() || peers.empty()) {
    const std::string why = text(at(at(status, "nodes"), "why"), "");
    out += ": none known" + (why.empty() ? "" : " (" + why + ")") + '\n';
    return;
  }
  std::vector<Row> rows{{"ID", "NAME", "TYPE", "ADDRESS", "ANSWER", "AGE", "ROLE", "TL", "LSN", "UPSTREAM"}};
  std::vector<std::string> details{""};
  for (const Json& p : peers) {
    rows.push_back({text(at(p, "id")), text(at(p, "name")), text(at(p, "type")),
                    text(at(p, "host")) + ':' + text(at(p, "port")), text(at(p, "answer")), duration(at(p, "age_s")),
                    text(at(p, "role"), "-"), text(at(p, "timeline"), "-"), text(at(p, "lsn"), "-"),
                    text(at(p, "upstream"), "-")});
    details.push_back(text(at(p, "detail"), ""));
  }
  std::array<size_t, 10> width{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  out += '\n';
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string text_line = " ";
    for (size_t i = 0; i < rows[r].size(); ++i) {
      text_line += ' ' + rows[r][i] + std::string(width[i] - rows[r][i].size() + 1, ' ');
    }
    text_line.erase(text_line.find_last_not_of(' ') + 1);
    out += text_line + '\n';
    if (!details[r].empty()) out += "      " + details[r] + '\n';
  }
}

void put_fence(std::string& out, const Json& status) {
  const Json& fence = at(status, "fence");
  const std::string kind = text(at(fence, "state"));
  const std::string reasons = join(at(fence, "reasons"), ", ");
  out += "\nFence: " + (kind == "fenced" ? "FENCED (" + (reasons.empty() ? "?" : reasons) + ")" : kind);
  if (const std::string why = text(at(fence, "why"), ""); !why.empty()) out += ": " + why;
  out += '\n';
  if (const std::string sentence = text(at(fence, "sentence"), ""); !sentence.empty()) out += "  " + sentence + '\n';
  if (const std::string way = text(at(fence, "rejoin"), ""); !way.empty()) out += "  rejoin: " + way + '\n';
  if (const std::string phase = text(at(fence, "phase"), "idle"); phase != "idle") out += "  now: " + phase + '\n';
  if (at(fence, "rungs").is_array()) {
    for (const Json& rung : at(fence, "rungs")) out += "  - " + text(rung) + '\n';
  }
}

}  // namespace

std::string status_text(const nlohmann::json& status) {
  std::string out;
  put_verdict(out, status);
  put_local(out, status);
  if (text(at(at(status, "verdict"), "rule")) == "W") return out;  // nobody is compared with it, and nothing is fenced
  put_peers(out, status);
  put_fence(out, status);
  return out;
}

}  // namespace picket
