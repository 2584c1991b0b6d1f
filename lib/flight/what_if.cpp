#include "flight/what_if.hpp"

#include "flight/changes.hpp"
#include "flight/supposition.hpp"

namespace picket {
namespace {

/// The model and its probes, one for each server, going on from what the real ones saw.
class Play {
 public:
  Play(Supposition supposition, const WhatIfOptions& options) : model_(std::move(supposition)) {
    probes_.emplace(model_.board.self_id, ModelProbe(options.local, model_.board.server));
    for (const Peer& p : model_.board.peers) probes_.emplace(p.node.id, ModelProbe(options.peers, p.server));
  }

  /// The board one look later.
  const Board& look(Instant now, Millis since) {
    Board& board = model_.board;
    deafen(since);
    ask(board.self_id, board.server, now);
    for (Peer& p : board.peers) ask(p.node.id, p.server, now);
    if (board.postmaster.process != PostmasterFacts::Process::unknown) board.postmaster.seen = now;
    return board;
  }

 private:
  void ask(int id, ServerView& view, Instant now) { probes_.at(id).step(view, model_.says[id], model_.truth[id], now); }
  // The receiver here hears nothing from an upstream that does not answer us.
  void deafen(Millis since) {
    auto& receiver = model_.truth[model_.board.self_id].receiver;
    for (const Peer& p : model_.board.peers)
      if (receiver && receiver->sender_host == p.node.host && receiver->sender_port == p.node.port &&
          model_.says[p.node.id] == Says::silent)
        receiver->message_age += since;
  }
  Supposition model_;
  std::map<int, ModelProbe> probes_;
};

std::string orders(const Verdict& v, Level level) {
  std::string text;
  switch (v.action) {
    case Action::stop_fast: text = "PostgreSQL would be stopped, with what it owes its standbys sent first"; break;
    case Action::stop_now: text = "PostgreSQL would be stopped at once"; break;
    case Action::kill_rest: text = "what is left of PostgreSQL would be killed"; break;
    case Action::start: text = "PostgreSQL would be started"; break;
    case Action::none: return "";
  }
  return text + (level == Level::observe ? " at level guard; level observe: nothing would be done" : "");
}

}  // namespace

WhatIf what_if(const FlightRecord& live, std::string_view text, const WhatIfOptions& options) {
  WhatIf answer{.error = {}, .supposed = {}, .before = live.verdict, .moments = {}, .length = options.length};
  Supposition supposition(live.board);
  while (true) {
    const size_t end = text.find(',');
    answer.error = supposition.take(text.substr(0, end));
    if (!answer.error.empty()) return answer;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  answer.supposed = supposition.supposed;
  Play play(std::move(supposition), options);
  Memory memory = live.before;
  Verdict verdict = live.verdict;
  for (Millis after = options.poll; after <= options.length && !answer.ends; after += options.poll) {
    Step step = decide(memory, play.look(live.now + after, options.poll), live.now + after, live.policy);
    memory = std::move(step.memory);
    if (step.verdict == verdict) continue;
    verdict = step.verdict;
    answer.ends = verdict.action != Action::none;
    answer.moments.push_back({after, verdict});
  }
  return answer;
}

std::string_view what_if_words() {
  return "clauses between commas: NODE unreachable (this node gets no answer from it; for this node's own name: from "
         "anybody), NODE refused (down, its host answers), NODE hung, NODE promoted, NODE follows NODE; everybody "
         "instead of NODE; postgresql crashed|stopped|hung (here), keepalived dead, dbus gone";
}

std::string what_if_text(const WhatIf& answer, Level level) {
  std::string out = "now:           " + std::string(word(answer.before.rule)) + " " + answer.before.sentence + "\n";
  for (const auto& sentence : answer.supposed) out += "supposed:      " + sentence + "\n";
  const std::string indent(15, ' ');
  const Verdict* last = &answer.before;
  for (const auto& [after, v] : answer.moments) {
    std::string when = "after " + seconds_text(after);
    when.resize(std::max(when.size() + 1, indent.size()), ' ');
    out += when + std::string(word(v.rule)) + " " + v.sentence + "\n";
    if (v.advert != last->advert || v.vrrp != last->vrrp)
      out += indent + "health page " + std::string(word(v.advert)) + ", Keepalived " + std::string(word(v.vrrp)) + "\n";
    if (v.remove_address) out += indent + "the address would be taken off this host\n";
    for (const auto& alarm : v.alarms) out += indent + "alarm: " + alarm + "\n";
    if (const std::string order = orders(v, level); !order.empty()) out += indent + order + "\n";
    last = &v;
  }
  if (answer.ends) return out + "and from there on the facts would be others\n";
  return out + (answer.moments.empty() ? "nothing else within " : "and so it stays until ") +
         (answer.moments.empty() ? "" : "after ") + seconds_text(answer.length) + "\n";
}

}  // namespace picket
