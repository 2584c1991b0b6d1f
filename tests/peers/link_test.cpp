// What a link hands on, and what it must not.

#include "peers/two_links.hpp"

namespace picket::test {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

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
              ElementsAre(HasSubstr("node 2 is configured otherwise")));
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

}  // namespace
}  // namespace picket::test
