#include "flight/changes.hpp"

#include <algorithm>

#include "core/words.hpp"
#include "report/words.hpp"

namespace picket {
namespace {

using Strings = std::vector<std::string>;

std::string or_none(const std::string& text) { return text.empty() ? "none" : text; }

std::string list(const Strings& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return or_none(text);
}

/// Collects sentences that begin with `who`.
struct Changes {
  Strings& out;
  std::string who;

  void say(const std::string& text) const { out.push_back(who.empty() ? text : who + ": " + text); }
  template <class T>
  bool text(const char* what, const T& before, const T& after) const {
    if (before == after) return false;
    say(std::string(what) + " " + or_none(std::string(before)) + " -> " + or_none(std::string(after)));
    return true;
  }
  void number(const char* what, int64_t before, int64_t after) const {
    if (before != after) say(std::string(what) + " " + std::to_string(before) + " -> " + std::to_string(after));
  }
  void flag(const char* now_true, const char* now_false, bool before, bool after) const {
    if (before != after) say(after ? now_true : now_false);
  }
};

void attempts(const Changes& c, const char* what, const Attempts& before, const Attempts& after, Instant now) {
  if (before.answer == after.answer && before.detail == after.detail) return;
  const auto said = [](Answer answer) { return answer == Answer::closed ? "closed" : std::string(word(answer)); };
  std::string text = std::string(what) + " " + said(before.answer);
  if (before.answer != after.answer) text += " -> " + said(after.answer);
  if (!after.detail.empty()) text += " (" + after.detail + ")";
  if (after.silent_since) text += ", silent for " + seconds_text(now - *after.silent_since);
  c.say(text);
}

std::string receiver(const ServerFacts& facts) {
  if (!facts.receiver) return "";
  const Receiver& r = *facts.receiver;
  return (r.status.empty() ? "hidden" : r.status) + " from " + r.sender_host + ":" + std::to_string(r.sender_port) +
         " on timeline " + std::to_string(r.timeline);
}

Strings followers(const ServerFacts& facts) {
  Strings names;
  for (const Follower& f : facts.followers)
    names.push_back(f.application_name + (f.state == "streaming" ? "" : " (" + f.state + ")"));
  std::ranges::sort(names);
  return names;
}

void server(const Changes& c, const ServerView& before, const ServerView& after, Instant now) {
  attempts(c, "session", before.session, after.session, now);
  attempts(c, "new connection", before.fresh, after.fresh, now);
  if (!after.facts) return c.flag("", "its facts are gone", before.facts.has_value(), false);
  static const ServerFacts nothing;
  const ServerFacts& was = before.facts ? *before.facts : nothing;
  const ServerFacts& is = *after.facts;
  c.text("role", word(was.role), word(is.role));
  c.number("timeline", was.timeline, is.timeline);
  if (was.system_identifier != is.system_identifier)
    c.say("system identifier " + std::to_string(was.system_identifier) + " -> " + std::to_string(is.system_identifier));
  if (was.started_us != 0 && was.started_us != is.started_us) c.say("another postmaster");
  c.flag("replay is paused", "replay goes on", was.replay_paused, is.replay_paused);
  c.text("receives WAL", receiver(was), receiver(is));
  c.text("is followed by", list(followers(was)), list(followers(is)));
}

void known(const Changes& c, bool before, bool after, const std::string& why) {
  if (before != after) c.say(after ? "can be read" : "cannot be read: " + why);
}

void local(const Board& before, const Board& after, Strings& out) {
  const Changes pm{out, "postmaster"};
  if (!pm.text("process", word(before.postmaster.process), word(after.postmaster.process)))
    pm.number("pid", before.postmaster.pid, after.postmaster.pid);
  pm.text("status", before.postmaster.status, after.postmaster.status);
  pm.number("survivors", before.postmaster.survivors, after.postmaster.survivors);

  const DiskFacts &d = before.disk, &e = after.disk;
  const Changes disk{out, "data directory"};
  known(disk, d.known, e.known, e.why_unknown);
  disk.text("state", d.control_state, e.control_state);
  disk.number("checkpoint timeline", d.checkpoint_timeline, e.checkpoint_timeline);
  disk.number("recovery timeline", d.recovery_timeline, e.recovery_timeline);
  disk.flag("has standby.signal", "lost standby.signal", d.standby_signal, e.standby_signal);
  disk.flag("has recovery.signal", "lost recovery.signal", d.recovery_signal, e.recovery_signal);
  disk.flag("has backup_label", "lost backup_label", d.backup_label, e.backup_label);
  disk.flag("is half rewound", "is not half rewound", d.half_rewound, e.half_rewound);
  if (d.system_identifier != e.system_identifier) disk.say("another system identifier");

  const Changes unit{out, after.unit.name.empty() ? "unit of PostgreSQL" : after.unit.name};
  known(unit, before.unit.known, after.unit.known, after.unit.why_unknown);
  unit.text("state", before.unit.active_state + "/" + before.unit.sub_state,
            after.unit.active_state + "/" + after.unit.sub_state);
  unit.text("job", before.unit.job, after.unit.job);
}

void surroundings(const Board& before, const Board& after, Strings& out) {
  Changes{out, "virtual address"}.text("", word(before.address.state), word(after.address.state));
  const Changes keepalived{out, "Keepalived"};
  keepalived.text("is", word(before.keepalived.state), word(after.keepalived.state));
  if (before.keepalived.last_notify != after.keepalived.last_notify)
    keepalived.say("says " + or_none(after.keepalived.last_notify));
  const Changes marker{out, "fence marker"};
  marker.text("state", word(before.marker.state), word(after.marker.state));
  marker.text("reasons", list(before.marker.reasons), list(after.marker.reasons));
  Changes{out, ""}.flag("a fence is under way", "no fence is under way any more", before.fence_in_progress,
                        after.fence_in_progress);
  const std::string was = before.start_refused ? before.start_refused->row : "";
  const std::string is = after.start_refused ? after.start_refused->row : "";
  Changes{out, ""}.text("start refused by row", was, is);
  if (before.started != after.started) out.emplace_back("the agent was started anew");
}

void registered(const Board& before, const Board& after, Instant now, Strings& out) {
  const Changes nodes{out, "repmgr.nodes"};
  nodes.flag("was read", "is not known", before.nodes_known, after.nodes_known);
  if (after.nodes_why_unknown != before.nodes_why_unknown && !after.nodes_why_unknown.empty())
    nodes.say(after.nodes_why_unknown);
  const auto find = [](const Board& board, int id) {
    const auto peer = std::ranges::find(board.peers, id, [](const Peer& p) { return p.node.id; });
    return peer == board.peers.end() ? nullptr : &*peer;
  };
  for (const Peer& peer : before.peers)
    if (!find(after, peer.node.id)) nodes.say(peer.node.name + " is gone");
  for (const Peer& peer : after.peers) {
    const Peer* was = find(before, peer.node.id);
    if (!was) nodes.say(peer.node.name + " is there");
    const Changes changes{out, peer.node.name};
    if (was) {
      changes.text("registered as", word(was->node.type), word(peer.node.type));
      changes.flag("registered as active", "registered as inactive", was->node.active, peer.node.active);
    }
    static const ServerView never_asked;
    server(changes, was ? was->server : never_asked, peer.server, now);
  }
}

}  // namespace

std::string seconds_text(Millis duration) {
  const int64_t hundredths = (duration.count() + (duration.count() < 0 ? -5 : 5)) / 10;
  const int64_t size = hundredths < 0 ? -hundredths : hundredths;
  std::string text = std::to_string(size / 100) + "." + std::to_string(100 + size % 100).substr(1) + " s";
  return hundredths < 0 ? "-" + text : text;
}

Strings fact_changes(const Board& before, const Board& after, Instant now) {
  Strings out;
  local(before, after, out);
  server({out, "PostgreSQL here"}, before.server, after.server, now);
  registered(before, after, now, out);
  surroundings(before, after, out);
  return out;
}

}  // namespace picket
