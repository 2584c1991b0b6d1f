#include "peers/link_status.hpp"

namespace picket {
namespace {

bool lately(const Drops& drops, Drop why, Instant now, Millis recent) {
  const auto& last = drops.of(why).last;
  return last && now - *last < recent;
}

void complain(const PeerTraffic& peer, Instant now, Millis recent, std::vector<std::string>& list) {
  const std::string who = "node " + std::to_string(peer.id);
  const auto dropped = [&](Drop why) { return lately(peer.drops, why, now, recent); };
  if (dropped(Drop::wrong_fingerprint))
    list.push_back(who + " is configured otherwise than this node: its voters or timings differ, and nothing that it " +
                   "says is acted on; compare picket.toml on both");
  if (dropped(Drop::wrong_key))
    list.push_back("datagrams that say they are from " + who + " are sealed with another cluster key, or were altered");
  if (dropped(Drop::unknown_version))
    list.push_back("datagrams that say they are from " + who +
                   " are of another version of the protocol; install the same picket on both");
  if (dropped(Drop::malformed))
    list.push_back("datagrams that say they are from " + who + " make no sense to this version of picket");
  if (peer.address.empty())
    list.push_back("nothing can be sent to " + who + ": " + peer.address_error);
  else if (!peer.send_error.empty())
    list.push_back("datagrams to " + who + " cannot be sent: " + peer.send_error);
}

}  // namespace

std::vector<std::string> complaints(const LinkStatus& status, Instant now, Millis recent) {
  std::vector<std::string> list;
  for (const auto& peer : status.peers) complain(peer, now, recent, list);
  if (!status.receive_error.empty()) list.push_back("datagrams cannot be received: " + status.receive_error);
  if (lately(status.drops, Drop::unknown_sender, now, recent))
    list.push_back("datagrams arrive from a node that is none of the configured peers");
  if (lately(status.drops, Drop::not_for_us, now, recent))
    list.push_back("datagrams arrive that are meant for another node: compare node ids and addresses in picket.toml");
  return list;
}

}  // namespace picket
