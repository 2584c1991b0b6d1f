#include "report/words.hpp"

#include "core/following.hpp"

namespace picket {

std::string_view word(Level level) {
  switch (level) {
    case Level::observe: return "observe";
    case Level::lease: return "lease";
    case Level::guard: break;
  }
  return "guard";
}

std::string_view word(OnCrash order) {
  switch (order) {
    case OnCrash::restart: return "restart";
    case OnCrash::release: break;
  }
  return "release";
}

std::string_view word(Node::Type type) {
  switch (type) {
    case Node::Type::primary: return "primary";
    case Node::Type::standby: return "standby";
    case Node::Type::witness: return "witness";
    case Node::Type::unknown: break;
  }
  return "unknown";
}

std::string_view word(PostmasterFacts::Process process) {
  switch (process) {
    case PostmasterFacts::Process::absent: return "absent";
    case PostmasterFacts::Process::alive: return "alive";
    case PostmasterFacts::Process::unknown: break;
  }
  return "unknown";
}

std::string_view word(AddressFacts::State state) {
  switch (state) {
    case AddressFacts::State::not_configured: return "not configured";
    case AddressFacts::State::absent: return "absent";
    case AddressFacts::State::present: return "present";
    case AddressFacts::State::unknown: break;
  }
  return "unknown";
}

std::string_view word(KeepalivedFacts::State state) {
  switch (state) {
    case KeepalivedFacts::State::dead: return "dead";
    case KeepalivedFacts::State::alive: return "alive";
    case KeepalivedFacts::State::unknown: break;
  }
  return "unknown";
}

std::string_view word(MarkerFacts::State state) {
  switch (state) {
    case MarkerFacts::State::none: return "none";
    case MarkerFacts::State::fenced: return "fenced";
    case MarkerFacts::State::malformed: return "malformed";
    case MarkerFacts::State::unknown: break;
  }
  return "unknown";
}

std::string primaries_text(const Board& board) {
  std::string text;
  const auto add = [&text](const std::string& name, const ServerView& server) {
    if (server.session.answer != Answer::ok || !server.facts || server.facts->role != Role::primary) return;
    text += (text.empty() ? "" : "; ") + name + " on timeline " + std::to_string(server.facts->timeline) + " at " +
            lsn_text(server.facts->lsn);
  };
  add(board.self_name + " (this node)", board.server);
  for (const Peer& peer : board.peers)
    if (!is_witness(peer, board.disk.system_identifier)) add(peer.node.name, peer.server);
  return text;
}

}  // namespace picket
