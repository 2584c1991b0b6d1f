// A sealed datagram cannot be made, altered, or turned into one for somebody else without the key.

#include "peers/seal.hpp"

#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

namespace picket {
namespace {

const DatagramHeader header{
    .from = 1, .to = 2, .run = 11, .sequence = 12, .challenge = 13, .echo = 14, .fingerprint = 15};

class Seal : public testing::Test {
 protected:
  const ClusterKey key = random_key(), other_key = random_key();
  const std::string sealed = seal(key, header, "what is said");
};

TEST_F(Seal, OpensWithTheSameKeyOnly) {
  const HeaderReading reading = read_header(sealed);
  EXPECT_EQ(reading.drop, Drop::none);
  EXPECT_EQ(reading.header, header);
  EXPECT_EQ(reading.claimed_from, 1);
  EXPECT_EQ(unseal(key, sealed), "what is said");
  EXPECT_EQ(unseal(other_key, sealed), std::nullopt);
  EXPECT_THAT(sealed, testing::Not(testing::HasSubstr("what is said")));
}

TEST_F(Seal, IsBrokenByEveryFlippedBit) {
  for (size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(unseal(key, flipped), std::nullopt) << "bit " << bit;
  }
}

TEST_F(Seal, IsBrokenByEveryCutAndEveryRest) {
  for (size_t size = 0; size < sealed.size(); ++size)
    EXPECT_EQ(unseal(key, std::string_view(sealed).substr(0, size)), std::nullopt) << size;
  EXPECT_EQ(unseal(key, sealed + '\0'), std::nullopt);
}

// The headers of two datagrams cannot be exchanged: that is how one would be sent on to somebody else.
TEST_F(Seal, BelongsToItsHeader) {
  const auto with_the_head_of = [&](DatagramHeader changed) {
    const std::string other = seal(key, changed, "what is said");
    return other.substr(0, 54) + sealed.substr(54);
  };
  EXPECT_EQ(unseal(key, with_the_head_of(header)), "what is said");
  for (auto change : {+[](DatagramHeader& h) { h.from = 3; }, +[](DatagramHeader& h) { h.to = 3; },
                      +[](DatagramHeader& h) { h.run = 3; }, +[](DatagramHeader& h) { h.sequence = 13; },
                      +[](DatagramHeader& h) { h.challenge = 3; }, +[](DatagramHeader& h) { h.echo = 3; },
                      +[](DatagramHeader& h) { h.fingerprint = 3; }}) {
    DatagramHeader changed = header;
    change(changed);
    EXPECT_EQ(unseal(key, with_the_head_of(changed)), std::nullopt);
  }
}

TEST_F(Seal, NeverLooksTheSameTwice) { EXPECT_NE(seal(key, header, "what is said"), sealed); }

TEST_F(Seal, NamesWhatIsWrongWithAnEnvelope) {
  const auto why = [](const std::string& bytes) { return read_header(bytes).drop; };
  EXPECT_EQ(why(""), Drop::truncated);
  EXPECT_EQ(why("pck"), Drop::truncated);
  EXPECT_EQ(why(sealed.substr(0, 13)), Drop::truncated);
  EXPECT_EQ(why(sealed.substr(0, 93)), Drop::truncated);
  EXPECT_EQ(why(seal(key, header, "")), Drop::none);
  EXPECT_EQ(why("GET / HTTP/1.1\r\n"), Drop::malformed);
  EXPECT_EQ(why(std::string(1201, 'x')), Drop::oversized);
  std::string other_version = sealed;
  other_version[4] = 2;
  EXPECT_EQ(why(other_version), Drop::unknown_version);
  EXPECT_EQ(read_header(other_version).version, 2);
  EXPECT_EQ(read_header(other_version).claimed_from, 1) << "who has another version is named";
  for (auto spoil : {+[](DatagramHeader& h) { h.from = 0; }, +[](DatagramHeader& h) { h.to = -1; },
                     +[](DatagramHeader& h) { h.sequence = 0; }, +[](DatagramHeader& h) { h.challenge = 0; }}) {
    DatagramHeader spoilt = header;
    spoil(spoilt);
    EXPECT_EQ(why(seal(key, spoilt, "x")), Drop::malformed);
  }
}

TEST_F(Seal, MakesNoDatagramThatIsTooLong) {
  const size_t overhead = seal(key, header, "").size();
  EXPECT_EQ(seal(key, header, std::string(largest_datagram - overhead, 'x')).size(), largest_datagram);
  EXPECT_THROW(seal(key, header, std::string(largest_datagram - overhead + 1, 'x')), std::invalid_argument);
}

TEST(Random, NumbersDiffer) {
  std::set<uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) numbers.insert(random_number());
  EXPECT_EQ(numbers.size(), 1000u);
}

TEST(Fingerprint, IsTheSameEverywhereAndTellsTextsApart) {
  EXPECT_EQ(fingerprint("voters 1,2,3"), fingerprint("voters 1,2,3"));
  EXPECT_NE(fingerprint("voters 1,2,3"), fingerprint("voters 1,2,4"));
  EXPECT_EQ(fingerprint(""), 0xb243'e526'c051'570e) << "BLAKE2b of 32 bytes, as published";
}

}  // namespace
}  // namespace picket
