#include "core/following.hpp"

#include <algorithm>

namespace picket {
namespace {

bool streams(const Follower& follower) { return follower.state == "streaming"; }

// A standby that was cloned under another name of its upstream (an alias, the address in place of the name) tells us a
// name that we do not know; then its word says nothing, and the leader's list must do.
bool names_a_node(const Receiver& receiver, const Board& board) {
  const auto is = [&](const std::string& host, int port) {
    return receiver.sender_host == host && receiver.sender_port == port;
  };
  return is(board.self_host, board.self_port) ||
         std::ranges::any_of(board.peers, [&](const Peer& p) { return is(p.node.host, p.node.port); });
}

}  // namespace

bool says_it_follows(const ServerFacts& server, const std::string& host, int port) {
  return server.receiver && server.receiver->status == "streaming" && server.receiver->sender_host == host &&
         server.receiver->sender_port == port;
}

bool lists(const ServerView& leader, const std::string& name) {
  return leader.facts && std::ranges::any_of(leader.facts->followers, [&](const Follower& f) {
           return f.application_name == name && streams(f);
         });
}

bool receiver_is_live(const ServerView& server, const Horizon& h, const Policy& policy) {
  const auto& receiver = server.facts->receiver;
  return receiver && receiver->status == "streaming" &&
         receiver->message_age + (h.now - server.facts_asked) <= policy.upstream_silence;
}

std::vector<std::string> followers_of(const ServerView* leader, const std::string& host, int port, const Board& board,
                                      Instant since, const Horizon& h, const Policy& policy) {
  std::vector<std::string> names;
  for (const Peer& peer : board.peers) {
    const bool asked = is_fresh(peer.server, h, policy) && peer.server.facts_asked >= since;
    if (asked && peer.server.facts->role != Role::standby) continue;
    const bool tells = asked && peer.server.facts->receiver && !peer.server.facts->receiver->status.empty() &&
                       names_a_node(*peer.server.facts->receiver, board);
    bool follows = false;
    if (tells) {
      follows = says_it_follows(*peer.server.facts, host, port) && receiver_is_live(peer.server, h, policy);
    } else if (leader) {
      follows = lists(*leader, peer.node.name);
    }
    if (follows) names.push_back(peer.node.name);
  }
  return names;
}

bool same_system(const ServerFacts& facts, uint64_t own) {
  return own == 0 || facts.system_identifier == 0 || facts.system_identifier == own;
}

bool is_witness(const Peer& peer, uint64_t own) {
  if (peer.node.type != Node::Type::witness) return false;
  const auto& facts = peer.server.facts;  // however old: whose data it has does not age
  return own == 0 || !facts || facts->system_identifier != own;
}

bool refusal_counts(const Attempts& attempts, const Board& board) {
  return board.peers.size() == 1 && attempts.answer == Answer::refused;
}

}  // namespace picket
