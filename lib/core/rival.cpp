#include "core/rival.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/following.hpp"

namespace picket {
namespace {

/// The best supported of those who can be asked and say that they are the primary.
RivalView find_claimant(const Board& board, uint64_t own_system, int majority, const Horizon& h, const Policy& policy) {
  RivalView best;
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy) || is_witness(peer, own_system)) continue;
    const ServerFacts& facts = *peer.server.facts;
    if (facts.role != Role::primary) continue;
    RivalView found;
    found.peer = &peer;
    found.timeline = facts.timeline;
    found.look = peer.server.facts_asked;
    found.other_data = !same_system(facts, own_system);
    if (!found.other_data)
      found.followers = followers_of(&peer.server, peer.node.host, peer.node.port, board, {}, h, policy);
    const bool proven = 1 + static_cast<int>(found.followers.size()) >= majority;
    found.rival = found.other_data ? Rival::possible : proven ? Rival::proven : Rival::claimed;
    if (found.rival > best.rival) best = std::move(found);
  }
  return best;
}

/// Nobody shows itself, yet standbys hear from someone whom we cannot see, on a timeline that is not ours. On a newer
/// one there was a promotion, and if a majority is its primary or streams from it, then that is proof without seeing
/// it.
RivalView find_unseen(const Board& board, uint64_t own_system, uint32_t own_timeline, int majority, const Horizon& h,
                      const Policy& policy) {
  std::map<std::tuple<std::string, int, uint32_t>, RivalView> by_sender;
  std::map<const RivalView*, int> supporters;
  for (const Peer& peer : board.peers) {
    if (!is_fresh(peer.server, h, policy) || peer.server.facts->role != Role::standby) continue;
    if (!same_system(*peer.server.facts, own_system) || !receiver_is_live(peer.server, h, policy)) continue;
    const Receiver& receiver = *peer.server.facts->receiver;
    if (says_it_follows(*peer.server.facts, board.self_host, board.self_port)) continue;
    auto upstream = std::ranges::find_if(board.peers, [&](const Peer& p) {
      return p.node.host == receiver.sender_host && p.node.port == receiver.sender_port;
    });
    const bool registered = upstream != board.peers.end();
    if (registered && is_fresh(upstream->server, h, policy)) continue;  // seen, and no primary
    // On our own timeline it may cascade from one of ours; or two were promoted at once, and each called it by the same
    // number.
    const bool same = receiver.timeline == own_timeline;
    if (same && (!registered || lists(board.server, upstream->node.name))) continue;
    RivalView& found = by_sender[{receiver.sender_host, receiver.sender_port, receiver.timeline}];
    const bool newer = receiver.timeline > own_timeline;
    const bool heard = peer.server.facts_asked - receiver.message_age > h.primary_since;
    if (own_timeline != 0 && !same && (newer || heard)) ++supporters[&found];
    found.timeline = receiver.timeline;
    found.seen = false;
    found.peer = registered ? &*upstream : nullptr;
    found.followers.push_back(peer.node.name);
    found.look = std::max(found.look, peer.server.facts_asked);
    const bool proven = registered && 1 + supporters[&found] >= majority;
    found.rival = proven ? Rival::proven : Rival::possible;
  }
  RivalView best;
  for (auto& [sender, found] : by_sender)
    if (found.rival > best.rival) best = std::move(found);
  return best;
}

}  // namespace

RivalView find_rival(const Board& board, uint64_t own_system, uint32_t own_timeline, int majority, const Horizon& h,
                     const Policy& policy) {
  RivalView claimant = find_claimant(board, own_system, majority, h, policy);
  if (claimant.rival >= Rival::claimed) return claimant;
  RivalView unseen = find_unseen(board, own_system, own_timeline, majority, h, policy);
  if (unseen.rival > claimant.rival) return unseen;
  if (claimant.rival != Rival::none) return claimant;
  // A majority that answers without telling its role (locked out, starting) excludes nobody; nor does one that was last
  // asked before this server became a primary: somebody may have been promoted since.
  const auto tells = [&](const ServerView& server) {
    return (is_fresh(server, h, policy) && server.facts_asked >= h.primary_since) ||
           (refusal_counts(server.session, board) && server.session.asked >= h.primary_since);
  };
  int telling = 1;
  for (const Peer& peer : board.peers)
    if (tells(peer.server)) ++telling;
  RivalView nobody;
  if (telling < majority) nobody.rival = Rival::possible;
  return nobody;
}

}  // namespace picket
