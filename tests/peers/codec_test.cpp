// Datagrams come back as they went, and whatever else arrives is refused with words or is a valid value.

#include "peers/codec.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <stdexcept>

#include "peers/samples.hpp"

namespace picket::test {
namespace {
using std::chrono_literals::operator""s;
using testing::HasSubstr;

TEST(Codec, BringsEveryDatagramBackAsItWent) {
  for (const auto& datagram : datagrams()) {
    std::string error;
    EXPECT_EQ(decode(encode(datagram), error), datagram);
    EXPECT_EQ(error, "");
  }
}

TEST(Codec, BringsEveryRuleBackAndOneOfAnotherVersionAsR16) {
  std::string error;
  for (int i = 0; i <= static_cast<int>(Rule::R16); ++i) {
    PeerDatagram datagram{.report = PeerReport{}, .lease = {}};
    datagram.report->rule = static_cast<Rule>(i);
    EXPECT_EQ(decode(encode(datagram), error), datagram);
  }
  std::string bytes = encode({.report = a_report(), .lease = {}});
  bytes.replace(1, 4, "R99z");
  const auto read = decode(bytes, error);
  ASSERT_TRUE(read) << error;
  EXPECT_EQ(read->report->rule, Rule::R16);
}

// Written out once by hand: other versions and other machines read the same bytes.
TEST(Codec, WritesTheBytesOfTheProtocol) {
  PeerDatagram datagram{.report = PeerReport{}, .lease = {LeaseMessage{}}};
  datagram.report->rule = Rule::R12;
  datagram.report->maintenance = true;
  datagram.report->lsn = 0x0102;
  datagram.report->failover = {20s, 300s};
  datagram.report->unreachable = {258};
  datagram.lease[0].kind = LeaseMessage::Kind::denial;
  datagram.lease[0].term = 0x0a0b;
  datagram.lease[0].wait = Millis{0x0c};
  std::string expected("\x01R12\0\0\0\x02", 8);
  expected += std::string(4, '\0') + std::string("\x02\x01\0\0\0\0\0\0", 8) + std::string(8, '\0');
  expected += std::string("\x14\0\x2c\x01", 4) + std::string("\x01\x02\x01\0\0", 5);
  expected += std::string("\x01\x05\x0b\x0a\0\0\0\0\0\0", 10) + std::string(8 + 12 + 8 + 1, '\0');
  expected += std::string("\x0c\0\0\0\0\0\0\0", 8) + std::string(12, '\0');
  EXPECT_EQ(testing::PrintToString(encode(datagram)), testing::PrintToString(expected));
}

TEST(Codec, KeepsTheLongestDatagramWithinItsBound) {
  size_t longest = 0;
  for (const auto& datagram : datagrams()) longest = std::max(longest, encode(datagram).size());
  EXPECT_EQ(longest, 1090u);
  EXPECT_LE(longest, largest_payload);
}

TEST(Codec, RefusesEveryProperPrefixAndEveryRest) {
  for (const auto& datagram : datagrams()) {
    const std::string bytes = encode(datagram);
    std::string error;
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size), error)) << size;
      EXPECT_NE(error, "");
    }
    EXPECT_FALSE(decode(bytes + '\0', error));
    EXPECT_THAT(error, HasSubstr("1 bytes too many"));
  }
}

TEST(Codec, TakesNoFlippedBitForTheSameDatagram) {
  for (const auto& datagram : datagrams()) {
    const std::string bytes = encode(datagram);
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      std::string flipped = bytes, error;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      const auto read = decode(flipped, error);
      EXPECT_NE(read.has_value(), !error.empty());
      EXPECT_EQ(read ? wrong_with(*read) : "", "");
      // A rule's word that became none may be R16's place-holder, and nothing else may look as before.
      const bool in_rule = datagram.report && bit / 8 >= 1 && bit / 8 < 5;
      EXPECT_TRUE(in_rule || read != std::optional(datagram)) << bit;
    }
  }
}

// One value out of range each: neither sent nor read. The bytes of such a one are those of its neighbour, changed.
struct Spoilt {
  const char* words;
  void (*spoil)(PeerDatagram&);
};

TEST(Codec, SendsNoValueOutOfRange) {
  const Spoilt all[] = {
      {"no such rule", [](PeerDatagram& d) { d.report->rule = static_cast<Rule>(static_cast<int>(Rule::R16) + 1); }},
      {"no such advert", [](PeerDatagram& d) { d.report->advert = static_cast<Advert>(3); }},
      {"no such role", [](PeerDatagram& d) { d.report->role = static_cast<Role>(3); }},
      {"time of repmgrd", [](PeerDatagram& d) { d.report->failover.vote_wait = Millis{-1}; }},
      {"time of repmgrd", [](PeerDatagram& d) { d.report->failover.notification = FailoverTimes::longest + 1s; }},
      {"more unreachable nodes than", [](PeerDatagram& d) { d.report->unreachable.assign(most_unreachable + 1, 1); }},
      {"no node id", [](PeerDatagram& d) { d.report->unreachable = {0}; }},
      {"too many lease messages", [](PeerDatagram& d) { d.lease.resize(most_lease_messages + 1); }},
      {"no known kind", [](PeerDatagram& d) { d.lease[0].kind = static_cast<LeaseMessage::Kind>(7); }},
      {"no such reason", [](PeerDatagram& d) { d.lease[0].why = static_cast<Denial>(4); }},
      {"term that nobody", [](PeerDatagram& d) { d.lease[0].term = highest_term + 1; }},
      {"term that nobody", [](PeerDatagram& d) { d.lease[0].promised = std::numeric_limits<Term>::max(); }},
      {"term that nobody", [](PeerDatagram& d) { d.lease[0].won_term = highest_term + 1; }},
      {"no possible time", [](PeerDatagram& d) { d.lease[0].sent = Instant{Millis{-1}}; }},
      {"no possible time", [](PeerDatagram& d) { d.lease[0].sent = Instant::max(); }},
      {"waits for", [](PeerDatagram& d) { d.lease[0].wait = Millis{-1}; }},
      {"waits for", [](PeerDatagram& d) { d.lease[0].wait = Millis::max(); }},
      {"winner", [](PeerDatagram& d) { d.lease[0].won_by = -1; }},
  };
  for (const auto& [words, spoil] : all) {
    PeerDatagram datagram{.report = a_report(), .lease = {a_message(LeaseMessage::Kind::ack)}};
    ASSERT_EQ(wrong_with(datagram), "");
    spoil(datagram);
    EXPECT_THAT(wrong_with(datagram), HasSubstr(words));
    EXPECT_THROW(encode(datagram), std::invalid_argument) << words;
  }
}

TEST(Codec, ReadsNoValueOutOfRange) {
  const PeerDatagram datagram{.report = PeerReport{}, .lease = {a_message(LeaseMessage::Kind::ack)}};
  const size_t report = 1, message = 1 + 32 + 1;  // where they begin, with a report that complains of nobody
  const struct {
    size_t at;
    std::string bytes;
    const char* words;
  } all[] = {
      {0, "\x02", "more than one report"},
      {report + 4, "\x03", "advert"},
      {report + 5, "\x03", "role"},
      {report + 6, "\x04", "flags"},
      {report + 27 + 3, "\x80", "time of repmgrd"},
      {report + 27 + 4, "\xff", "in the middle"},
      {message - 1, "\x11", "too many lease messages"},
      {message - 1, "\x02", "in the middle"},
      {message - 1, std::string(1, '\0'), "58 bytes too many"},
      {message, "\x07", "kind"},
      {message + 1 + 7, "\x01", "term"},
      {message + 9 + 7, "\x80", "time"},
      {message + 9 + 7, "\x7f", "time"},
      {message + 29 + 7, "\x01", "term"},
      {message + 37, "\x04", "reason"},
      {message + 38 + 7, "\x80", "waits"},
      {message + 46 + 7, "\x01", "term"},
      {message + 54 + 3, "\x80", "winner"},
  };
  for (const auto& [at, bytes, words] : all) {
    std::string spoilt = encode(datagram), error;
    spoilt.replace(at, bytes.size(), bytes);
    EXPECT_FALSE(decode(spoilt, error)) << words << " at " << at;
    EXPECT_THAT(error, HasSubstr(words)) << at;
  }
}

}  // namespace
}  // namespace picket::test
