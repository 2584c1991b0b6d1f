// Where a link sends to and hears from: sockets that refuse, names, addresses, options.

#include <stdexcept>

#include "peers/two_links.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;

TEST_F(Link, CountsWhatCannotBeSentAndGoesOn) {
  LinkOptions with = options(1, 2, stranger.port());
  with.peers.push_back({.id = 3, .host = "::1", .port = 9});              // not from an IPv4 socket
  with.peers.push_back({.id = 4, .host = "255.255.255.255", .port = 9});  // EACCES
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
              ElementsAre(HasSubstr("node 2 cannot be sent: too many"), HasSubstr("nothing can be sent to node 3"),
                          HasSubstr("node 4 cannot be sent: Permission denied")));
  EXPECT_TRUE(a.link->send(2, {}));
  EXPECT_EQ(peers[0].send_error, "");
}

TEST_F(Link, FindsAPeerByNameOffTheLoop) {
  LinkOptions with = options(1, 2, stranger.port());
  with.address = "";
  with.peers[0].host = "localhost";
  with.peers.push_back({.id = 3, .host = "no-such-host.invalid", .port = 9});
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
