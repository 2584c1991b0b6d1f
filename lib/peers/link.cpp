#include "peers/link.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "peers/freshness.hpp"
#include "peers/named_address.hpp"

namespace picket {
namespace {

/// A peer that is silent for longer may have moved: its name is looked up again.
constexpr Millis silent{5'000};
/// At most so often is one greeted, so that recordings do not make us send as fast as they arrive.
constexpr Millis greeting_pause{100};

}  // namespace

struct PeerLink::Peer {
  Peer(Worker& names, const PeerPlace& place, int family, PeerTraffic& its_traffic)
      : address(names, place.host, place.port, family), freshness(random_number()), traffic(its_traffic) {}
  void note_address() {
    traffic.address = address.current() ? text_of(*address.current()) : "";
    traffic.address_error = address.error();
  }

  NamedAddress address;
  Freshness freshness;
  PeerTraffic& traffic;
  std::optional<Instant> greeted;
};

PeerLink::PeerLink(Loop& loop, Worker& names, LinkOptions options, std::function<void(const Heard&)> heard)
    : options_(std::move(options)), heard_(std::move(heard)), run_(random_number()) {
  UdpSocket opened = open_udp(options_.address, options_.port);
  fd_ = std::move(opened.fd);
  status_.port = opened.port;
  status_.peers.reserve(options_.peers.size());  // the peers point into it
  for (const auto& place : options_.peers) {
    if (place.id < 1 || options_.self < 1) throw std::invalid_argument("a node id is greater than 0");
    if (place.id == options_.self || find(place.id) != nullptr)
      throw std::invalid_argument("node " + std::to_string(place.id) + " occurs twice among the agents");
    auto& traffic = status_.peers.emplace_back();
    traffic.id = place.id;
    peers_.emplace_back(std::make_unique<Peer>(names, place, opened.family, traffic))->note_address();
  }
  io_ = std::make_unique<Io>(loop, fd_.get(), EPOLLIN, [this](uint32_t) { receive(); });
}

PeerLink::~PeerLink() = default;

PeerLink::Peer* PeerLink::find(int id) {
  for (const auto& peer : peers_)
    if (peer->traffic.id == id) return peer.get();
  return nullptr;
}

bool PeerLink::send(int id, const PeerDatagram& datagram) {
  Peer* const peer = find(id);
  return peer != nullptr && send_to(*peer, datagram);
}

bool PeerLink::send_to(Peer& peer, const PeerDatagram& datagram) {
  PeerTraffic& traffic = peer.traffic;
  const Instant now = boot_now();
  if (!traffic.heard || now - *traffic.heard > silent) peer.address.refresh(now);
  peer.note_address();
  const auto failed = [&](const std::string& why) {
    ++traffic.send_failures;
    traffic.send_error = why;
    return false;
  };
  if (!peer.address.current()) return failed(peer.address.error());
  const DatagramHeader header{.from = options_.self,
                              .to = traffic.id,
                              .run = run_,
                              .sequence = ++sequence_,
                              .challenge = peer.freshness.challenge(),
                              .echo = peer.freshness.echo(),
                              .fingerprint = options_.fingerprint};
  std::string bytes;
  try {
    bytes = seal(options_.key, header, encode(datagram));
  } catch (const std::invalid_argument& error) {
    return failed(error.what());
  }
  const SocketAddress& to = *peer.address.current();
  if (sendto(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&to.bytes), to.size) < 0)
    return failed(strerror(errno));
  ++traffic.sent;
  traffic.send_error.clear();
  return true;
}

void PeerLink::receive() {
  char bytes[largest_datagram + 1];  // one more: to see that it is too long
  for (int i = 0; i < most_per_turn; ++i) {
    SocketAddress from;
    from.size = sizeof from.bytes;
    const ssize_t size =
        recvfrom(fd_.get(), bytes, sizeof bytes, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from.bytes), &from.size);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (size < 0) {
      status_.receive_error = strerror(errno);
      continue;
    }
    status_.receive_error.clear();
    take({bytes, static_cast<size_t>(size)}, from, boot_now());
  }
}

void PeerLink::drop(Drop why, Peer* peer, Instant now, const std::string& words) {
  status_.drops.count(why, now, words);
  if (peer != nullptr) peer->traffic.drops.count(why, now, words);
}

void PeerLink::greet(Peer& peer, Instant now) {
  if (peer.greeted && now - *peer.greeted < greeting_pause) return;
  peer.greeted = now;
  send_to(peer, {});
}

void PeerLink::take(std::string_view bytes, const SocketAddress& origin, Instant now) {
  const HeaderReading reading = read_header(bytes);
  const DatagramHeader& header = reading.header;
  Peer* const peer = find(reading.claimed_from);
  const auto dropped = [&](Drop why, const std::string& words) {
    drop(why, peer, now, "from " + text_of(origin) + ": " + words);
  };
  switch (reading.drop) {
    case Drop::none: break;
    case Drop::unknown_version:
      return dropped(Drop::unknown_version, "version " + std::to_string(reading.version) +
                                                " of the protocol, this is " + std::to_string(protocol_version));
    default: return dropped(reading.drop, std::to_string(bytes.size()) + " bytes that are no datagram of picket");
  }
  if (header.to != options_.self)
    return dropped(Drop::not_for_us,
                   "for node " + std::to_string(header.to) + ", this is " + std::to_string(options_.self));
  if (peer == nullptr)
    return dropped(Drop::unknown_sender, "node " + std::to_string(header.from) + " is none of the peers");
  const auto payload = unseal(options_.key, bytes);
  if (!payload) return dropped(Drop::wrong_key, "sealed with another key, or altered");

  const auto judged =
      peer->freshness.judge(header.run, header.sequence, header.challenge, header.echo, random_number());
  if (judged == Freshness::Judgement::replayed)
    return dropped(Drop::replayed, "not newer than what has arrived before");
  if (judged == Freshness::Judgement::unproven) {
    dropped(Drop::unproven, "it has not heard this agent yet, and is greeted");
    return greet(*peer, now);
  }
  const bool first = judged == Freshness::Judgement::first;
  if (first) ++peer->traffic.starts;
  if (header.fingerprint != options_.fingerprint)
    return dropped(Drop::wrong_fingerprint, "configured otherwise than this node");
  std::string error;
  const auto datagram = decode(*payload, error);
  if (!datagram) return dropped(Drop::malformed, error);
  ++peer->traffic.delivered;
  peer->traffic.heard = now;
  heard_({peer->traffic.id, *datagram, now, first});
}

}  // namespace picket
