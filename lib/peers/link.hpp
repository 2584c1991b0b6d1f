#pragma once
// The link to the agents of the other nodes: one UDP socket on the loop. It seals and sends what it is given, and hands
// on what is proven to come from a peer, now, under the same configuration (docs/protocol.md). What is said, and when,
// is the caller's business; a datagram may be lost, late or doubled on the way, and none is ever sent again.

#include <functional>
#include <memory>

#include "loop/sources.hpp"
#include "loop/worker.hpp"
#include "peers/codec.hpp"
#include "peers/link_status.hpp"
#include "peers/seal.hpp"
#include "peers/socket.hpp"

namespace picket {

constexpr int default_peer_port = 8009;

/// Where another agent is found.
struct PeerPlace {
  int id = 0;        ///< its node id, > 0
  std::string host;  ///< a numeric address, or a name
  int port = default_peer_port;
};

struct LinkOptions {
  std::string address;  ///< to listen on, numeric; empty: all
  int port = default_peer_port;
  int self = 0;  ///< this node's id, > 0
  ClusterKey key;
  uint64_t fingerprint = 0;  ///< fingerprint() of what all nodes must have alike
  std::vector<PeerPlace> peers;
};

/// Something a peer has said.
struct Heard {
  int peer = 0;
  PeerDatagram datagram;  ///< may be empty: a greeting
  Instant at{};           ///< when it was taken from the socket (CLOCK_BOOTTIME), not before it arrived
  bool first = false;     ///< the first since the peer or this link has started: what was sent to it before is lost
};

class PeerLink {
 public:
  /// `heard` runs on the loop; it may send, and must not destroy this. `names` runs nothing but name lookups and
  /// outlives this. Throws std::runtime_error when the address cannot be had, std::invalid_argument for ids that are no
  /// node ids, occur twice or are this node's.
  PeerLink(Loop& loop, Worker& names, LinkOptions options, std::function<void(const Heard&)> heard);
  ~PeerLink();

  /// Sends one datagram to one peer. Never waits and never throws; what does not go is counted, and false is returned:
  /// the address is not known (yet), the kernel refuses, or `datagram` is not valid (codec.hpp).
  bool send(int peer, const PeerDatagram& datagram);

  const LinkStatus& status() const { return status_; }

  /// So many datagrams at most are taken at each turn of the loop, so that a flood cannot hold up the rest.
  static constexpr int most_per_turn = 64;

 private:
  struct Peer;
  void receive();
  void take(std::string_view bytes, const SocketAddress& origin, Instant now);
  void drop(Drop why, Peer* peer, Instant now, const std::string& words);
  void greet(Peer& peer, Instant now);
  bool send_to(Peer& peer, const PeerDatagram& datagram);
  Peer* find(int id);

  LinkOptions options_;
  std::function<void(const Heard&)> heard_;
  uint64_t run_;
  uint64_t sequence_ = 0;
  LinkStatus status_;
  std::vector<std::unique_ptr<Peer>> peers_;  // as in status_.peers
  Fd fd_;
  std::unique_ptr<Io> io_;
};

}  // namespace picket
