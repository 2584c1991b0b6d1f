#pragma once
// Two links over real sockets on loopback, and somebody else who may send what he likes.

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "peers/link.hpp"
#include "peers/samples.hpp"

namespace picket::test {
using std::chrono_literals::operator""ms;

/// A socket without a link behind it: it sees what a link sends to it, and sends anything anywhere.
class Stranger {
 public:
  int port() const { return socket_.port; }
  void send(int to, const std::string& bytes) {
    const auto address = socket_address("127.0.0.1", to, AF_INET);
    ASSERT_EQ(sendto(socket_.fd.get(), bytes.data(), bytes.size(), 0,
                     reinterpret_cast<const sockaddr*>(&address->bytes), address->size),
              static_cast<ssize_t>(bytes.size()));
  }
  /// Everything that has arrived.
  std::vector<std::string> received() {
    std::vector<std::string> all;
    char bytes[2000];
    for (ssize_t n = 0; (n = recv(socket_.fd.get(), bytes, sizeof bytes, MSG_DONTWAIT)) >= 0;)
      all.emplace_back(bytes, static_cast<size_t>(n));
    return all;
  }

 private:
  UdpSocket socket_ = open_udp("127.0.0.1", 0);
};

class Link : public testing::Test {
 protected:
  struct End {
    std::vector<Heard> heard;
    std::unique_ptr<PeerLink> link;
    const PeerTraffic& peer() const { return link->status().peers.at(0); }
    uint64_t dropped(Drop why) const { return peer().drops.of(why).count; }
  };

  LinkOptions options(int self, int other, int other_port) {
    return {.address = "127.0.0.1",
            .port = 0,
            .self = self,
            .key = key,
            .fingerprint = 77,
            .peers = {{.id = other, .host = "127.0.0.1", .port = other_port}}};
  }
  void start(End& end, const LinkOptions& with) {
    end.link.reset();
    end.link = std::make_unique<PeerLink>(loop, names, with, [&end](const Heard& h) { end.heard.push_back(h); });
  }
  /// Both know each other's ports, which are fixed by the first one started.
  void start_both() {
    const Stranger place;  // a port that nobody else gets while we look for one
    start(b, options(2, 1, place.port()));
    start(a, options(1, 2, b.link->status().port));
    LinkOptions with = options(2, 1, a.link->status().port);
    with.port = b.link->status().port;
    start(b, with);
  }
  /// Until they believe each other.
  void introduce() {
    a.link->send(2, {});
    settle();
    a.link->send(2, {});
    settle();
    ASSERT_EQ(a.peer().starts, 1u);
    ASSERT_EQ(b.peer().starts, 1u);
    a.heard.clear();
    b.heard.clear();
  }
  void settle() {
    loop.run_until([] { return false; }, 20ms);
  }
  DatagramHeader header(int from, int to) const {
    return {.from = from, .to = to, .run = 5, .sequence = 1, .challenge = 6, .echo = 0, .fingerprint = 77};
  }

  Loop loop;
  Worker names{loop};
  ClusterKey key = random_key();
  End a, b;  // nodes 1 and 2
  Stranger stranger;
};

}  // namespace picket::test
