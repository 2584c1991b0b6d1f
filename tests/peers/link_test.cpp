// Two links over real sockets on loopback, and somebody else who may send what he likes.

#include "peers/link.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "peers/samples.hpp"

namespace picket::test {
namespace {
using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;

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
            .peers = {{.id = other, .name = "pg" + std::to_string(other), .host = "127.0.0.1", .port = other_port}}};
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

TEST_F(Link, CarriesEveryDatagramBothWaysOnceBothHaveHeardEachOther) {
  start_both();
  introduce();
  const Instant before = boot_now();
  for (const auto& datagram : datagrams()) {
    EXPECT_TRUE(a.link->send(2, datagram));
    EXPECT_TRUE(b.link->send(1, datagram));
  }
  settle();
  ASSERT_EQ(a.heard.size(), datagrams().size());
  ASSERT_EQ(b.heard.size(), datagrams().size());
  for (size_t i = 0; i < datagrams().size(); ++i) {
    EXPECT_EQ(a.heard[i].datagram, datagrams()[i]);
    EXPECT_EQ(b.heard[i].datagram, datagrams()[i]);
    EXPECT_EQ(a.heard[i].peer, 2);
    EXPECT_FALSE(a.heard[i].first);
    EXPECT_GE(a.heard[i].at, before);
    EXPECT_LE(a.heard[i].at, boot_now());
  }
  EXPECT_EQ(a.peer().drops.total(), 0u);
  EXPECT_EQ(a.peer().send_failures, 0u);
  EXPECT_THAT(complaints(a.link->status(), boot_now(), 60'000ms), ElementsAre());
}

TEST_F(Link, GreetsAtOnceSoThatTheSecondDatagramIsBelieved) {
  start_both();
  a.link->send(2, {.report = a_report(), .lease = {}});
  settle();
  EXPECT_THAT(b.heard, ElementsAre()) << "it might be a recording";
  EXPECT_EQ(b.dropped(Drop::unproven), 1u);
  ASSERT_EQ(a.heard.size(), 1u) << "the greeting";
  EXPECT_TRUE(a.heard[0].first);
  EXPECT_EQ(a.heard[0].datagram, PeerDatagram{});
  a.link->send(2, {.report = a_report(), .lease = {}});
  settle();
  ASSERT_EQ(b.heard.size(), 1u);
  EXPECT_TRUE(b.heard[0].first);
  EXPECT_EQ(b.heard[0].datagram.report, a_report());
  EXPECT_EQ(a.peer().sent, 2u);
  EXPECT_EQ(b.peer().sent, 1u) << "and nobody greets without end";
}

TEST_F(Link, BelievesAPeerThatHasStartedAnew) {
  start_both();
  introduce();
  LinkOptions with = options(2, 1, a.link->status().port);
  with.port = b.link->status().port;
  start(b, with);
  a.link->send(2, {});
  settle();
  b.link->send(1, {.report = a_report(), .lease = {}});
  settle();
  ASSERT_GE(a.heard.size(), 1u);
  EXPECT_TRUE(a.heard[0].first);
  EXPECT_EQ(a.peer().starts, 2u);
  EXPECT_EQ(a.heard.back().datagram.report, a_report());
}

TEST_F(Link, HandsOnNothingThatWasRecorded) {
  // The stranger stands between: node 2's datagrams go to it, and it passes them on, and again.
  start(a, options(1, 2, stranger.port()));
  start(b, options(2, 1, stranger.port()));
  const int to_a = a.link->status().port, to_b = b.link->status().port;
  std::vector<std::string> recorded;
  const auto pass = [&](int to, PeerLink& from, int peer, const PeerDatagram& datagram) {
    from.send(peer, datagram);
    for (const auto& bytes : stranger.received()) {
      recorded.push_back(bytes);
      stranger.send(to, bytes);
    }
    settle();
  };
  const PeerDatagram said{.report = std::nullopt, .lease = {a_message(LeaseMessage::Kind::grant)}};
  for (int i = 0; i < 3; ++i) {
    pass(to_a, *b.link, 1, said);
    for (const auto& greeting : stranger.received()) stranger.send(to_b, greeting);
    pass(to_b, *a.link, 2, said);
    for (const auto& greeting : stranger.received()) stranger.send(to_a, greeting);
  }
  settle();
  ASSERT_GE(a.heard.size(), 2u);
  ASSERT_GE(b.heard.size(), 2u);
  const size_t heard = a.heard.size();
  for (int i = 0; i < 3; ++i)
    for (const auto& bytes : recorded) stranger.send(to_a, bytes);
  settle();
  EXPECT_EQ(a.heard.size(), heard);
  EXPECT_GT(a.dropped(Drop::replayed), 0u);
  EXPECT_GT(a.link->status().drops.of(Drop::not_for_us).count, 0u) << "a's own datagrams sent back to it";

  // The same to an agent that has just started.
  start(a, options(1, 2, stranger.port()));
  a.heard.clear();
  for (const auto& bytes : recorded) stranger.send(a.link->status().port, bytes);
  settle();
  EXPECT_THAT(a.heard, ElementsAre());
  EXPECT_GT(a.dropped(Drop::unproven), 0u);
  EXPECT_EQ(a.peer().sent, 1u) << "a hundred recordings, one greeting";
}

TEST_F(Link, DropsByNameWhatItMustNotActOn) {
  start_both();
  introduce();
  const int to = a.link->status().port;
  const std::string good = seal(key, header(2, 1), encode({}));
  const auto dropped = [&](const std::string& bytes, Drop why) {
    const uint64_t all = a.link->status().drops.total(), of_it = a.link->status().drops.of(why).count;
    stranger.send(to, bytes);
    settle();
    EXPECT_EQ(a.link->status().drops.of(why).count, of_it + 1) << word(why);
    EXPECT_EQ(a.link->status().drops.total(), all + 1) << word(why);
    const Dropped& last = a.link->status().drops.of(why);
    EXPECT_THAT(last.words, HasSubstr("from 127.0.0.1:" + std::to_string(stranger.port()) + ": "));
    ASSERT_TRUE(last.last.has_value());
    EXPECT_LE(boot_now() - *last.last, 5000ms);
  };
  dropped("", Drop::truncated);
  dropped(good.substr(0, 93), Drop::truncated);
  dropped(std::string(1201, 'x'), Drop::oversized);
  dropped(good + std::string(1200, 'x'), Drop::oversized);
  dropped("hello, is this a database?", Drop::malformed);
  std::string other = good;
  other[4] = 9;
  dropped(other, Drop::unknown_version);
  dropped(seal(key, header(2, 3), encode({})), Drop::not_for_us);
  dropped(seal(key, header(3, 1), encode({})), Drop::unknown_sender);
  dropped(seal(random_key(), header(2, 1), encode({})), Drop::wrong_key);
  other = good;
  other.back() = static_cast<char>(other.back() ^ 1);
  dropped(other, Drop::wrong_key);
  dropped(good, Drop::unproven);
  EXPECT_THAT(a.heard, ElementsAre());
  EXPECT_EQ(a.dropped(Drop::wrong_key), 2u) << "for the peer that it claims to be from";
  EXPECT_EQ(a.dropped(Drop::unknown_sender), 0u);
  // And goes on hearing the peer.
  b.link->send(1, {});
  settle();
  EXPECT_EQ(a.heard.size(), 1u);
}

TEST_F(Link, TellsWhoIsConfiguredOtherwiseAndHearsNothingOfIt) {
  const Stranger place;
  start(a, options(1, 2, place.port()));
  LinkOptions with = options(2, 1, a.link->status().port);
  with.fingerprint = 78;
  start(b, with);
  with = options(1, 2, b.link->status().port);
  with.port = a.link->status().port;
  start(a, with);
  for (int i = 0; i < 3; ++i) {
    b.link->send(1, {.report = a_report(), .lease = {}});
    a.link->send(2, {.report = a_report(), .lease = {}});
    settle();
  }
  EXPECT_THAT(a.heard, ElementsAre());
  EXPECT_THAT(b.heard, ElementsAre());
  EXPECT_GE(a.dropped(Drop::wrong_fingerprint), 1u);
  EXPECT_THAT(complaints(a.link->status(), boot_now(), 60'000ms),
              ElementsAre(HasSubstr("pg2 (node 2) is configured otherwise")));
}

TEST_F(Link, DropsAPayloadOfAPeerThatMakesNoSense) {
  start(a, options(1, 2, stranger.port()));
  a.link->send(2, {});
  const auto greeted = stranger.received();
  ASSERT_EQ(greeted.size(), 1u);
  DatagramHeader head = header(2, 1);
  head.echo = read_header(greeted[0]).header.challenge;
  stranger.send(a.link->status().port, seal(key, head, "\x02\x01"));
  settle();
  EXPECT_EQ(a.dropped(Drop::malformed), 1u);
  EXPECT_EQ(a.peer().delivered, 0u);
  ++head.sequence;
  stranger.send(a.link->status().port, seal(key, head, encode({})));
  settle();
  EXPECT_EQ(a.peer().delivered, 1u);
}

TEST_F(Link, TakesABoundedNumberAtEachTurn) {
  start_both();
  introduce();
  constexpr int many = 3 * PeerLink::most_per_turn;
  int turns_between = 0;
  size_t most_at_once = 0, seen = 0;
  for (int i = 0; i < many; ++i) b.link->send(1, {});
  // run_until() asks once each turn.
  loop.run_until(
      [&] {
        most_at_once = std::max(most_at_once, a.heard.size() - seen);
        seen = a.heard.size();
        ++turns_between;
        return seen == many;
      },
      2000ms);
  EXPECT_EQ(seen, static_cast<size_t>(many));
  EXPECT_LE(most_at_once, static_cast<size_t>(PeerLink::most_per_turn));
}

TEST_F(Link, CountsWhatCannotBeSentAndGoesOn) {
  LinkOptions with = options(1, 2, stranger.port());
  with.peers.push_back({.id = 3, .name = "pg3", .host = "::1", .port = 9});              // not from an IPv4 socket
  with.peers.push_back({.id = 4, .name = "pg4", .host = "255.255.255.255", .port = 9});  // EACCES
  start(a, with);
  EXPECT_FALSE(a.link->send(3, {}));
  EXPECT_FALSE(a.link->send(4, {}));
  EXPECT_FALSE(a.link->send(5, {})) << "nobody";
  const PeerDatagram bad{.report = std::nullopt, .lease = std::vector<LeaseMessage>(most_lease_messages + 1)};
  EXPECT_FALSE(a.link->send(2, bad));
  const auto& peers = a.link->status().peers;
  EXPECT_THAT(peers[0].send_error, HasSubstr("too many lease messages"));
  EXPECT_THAT(peers[1].send_error, HasSubstr("cannot be reached"));
  EXPECT_THAT(peers[2].send_error, HasSubstr("Permission denied"));
  EXPECT_EQ(peers[2].send_failures, 1u);
  EXPECT_THAT(complaints(a.link->status(), boot_now(), 60'000ms),
              ElementsAre(HasSubstr("pg2 (node 2) cannot be sent: too many"), HasSubstr("nothing can be sent to pg3"),
                          HasSubstr("pg4 (node 4) cannot be sent: Permission denied")));
  EXPECT_TRUE(a.link->send(2, {}));
  EXPECT_EQ(peers[0].send_error, "");
}

TEST_F(Link, FindsAPeerByNameOffTheLoop) {
  LinkOptions with = options(1, 2, stranger.port());
  with.address = "";
  with.peers[0].host = "localhost";
  with.peers.push_back({.id = 3, .name = "pg3", .host = "no-such-host.invalid", .port = 9});
  start(a, with);
  EXPECT_FALSE(a.link->send(2, {})) << "before the lookup has ended";
  EXPECT_THAT(a.peer().send_error, HasSubstr("not resolved yet"));
  EXPECT_TRUE(loop.run_until([&] { return a.link->send(2, {}); }, 5000ms));
  loop.run_until([&] { return names.pending() == 0; }, 10'000ms);
  settle();
  EXPECT_FALSE(a.link->send(3, {}));
  EXPECT_THAT(a.link->status().peers[1].send_error, HasSubstr("cannot resolve \"no-such-host.invalid\""));
}

// Under the sanitizers: the answer of the lookup must not reach a link that is gone.
TEST_F(Link, MayEndWhileANameIsLookedUp) {
  LinkOptions with = options(1, 2, stranger.port());
  with.peers[0].host = "localhost";
  start(a, with);
  a.link.reset();
  EXPECT_TRUE(loop.run_until([&] { return names.pending() == 0; }, 10'000ms));
  settle();
}

TEST_F(Link, OnAllAddressesHearsIpv4AndIpv6) {
  LinkOptions with = options(2, 1, stranger.port());
  with.address = "";
  start(b, with);
  for (const std::string host : {"127.0.0.1", "::1"}) {
    LinkOptions near = options(1, 2, b.link->status().port);
    near.address = host;
    near.peers[0].host = host;
    start(a, near);
    const uint64_t before = b.peer().drops.total();
    if (!a.link->send(2, {})) GTEST_SKIP() << host << ": " << a.peer().send_error;
    settle();
    EXPECT_EQ(b.peer().drops.total(), before + 1) << host;
    EXPECT_THAT(b.peer().drops.of(Drop::unproven).words, HasSubstr(host == "::1" ? "from [::1]:" : "from 127.0.0.1:"));
  }
}

TEST_F(Link, RefusesOptionsThatMakeNoSense) {
  LinkOptions with = options(1, 1, 9);
  EXPECT_THROW(start(a, with), std::invalid_argument) << "itself";
  with = options(1, 2, 9);
  with.peers.push_back(with.peers[0]);
  EXPECT_THROW(start(a, with), std::invalid_argument) << "twice";
  with = options(0, 2, 9);
  EXPECT_THROW(start(a, with), std::invalid_argument);
  with = options(1, 2, 9);
  with.port = stranger.port();
  try {
    start(a, with);
    ADD_FAILURE() << "the port is taken";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(),
              "cannot listen on 127.0.0.1:" + std::to_string(stranger.port()) + " (udp): Address already in use");
  }
  with.address = "localhost";
  EXPECT_THROW(start(a, with), std::runtime_error);
}

}  // namespace
}  // namespace picket::test
