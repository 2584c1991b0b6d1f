// The ring as bytes: what was added is there, oldest first, whatever a crash or a bad disk made of the rest.
#include "flight/ring.hpp"

#include <gmock/gmock.h>

#include <random>

namespace picket {
namespace {

constexpr uint64_t size = RingHeader::region + 8192;

std::string empty_file() {
  std::string file = RingHeader{.size = size, .id = 0x1234567890abcdef}.encode();
  file.resize(size);
  return file;
}

void put(std::string& file, const std::vector<RingCursor::Write>& writes) {
  for (const auto& write : writes) {
    ASSERT_LE(write.offset + write.bytes.size(), file.size());
    file.replace(write.offset, write.bytes.size(), write.bytes);
  }
}

std::string payload(uint64_t number, size_t length) {
  std::string text = std::to_string(number) + ":";
  while (text.size() < length) text += static_cast<char>('a' + number % 26);
  return text;
}

// Entry `number` is payload(number, ...) everywhere here.
void expect_right(const RingImage& image) {
  ASSERT_EQ(image.error, "");
  for (const RingEntry& entry : image.entries)
    EXPECT_TRUE(entry.payload.starts_with(std::to_string(entry.sequence) + ":")) << entry.sequence;
}

TEST(Ring, OfAnEmptyFileHasNoEntries) {
  const RingImage image = read_ring(empty_file());
  EXPECT_EQ(image.error, "");
  EXPECT_TRUE(image.entries.empty());
}

TEST(Ring, GoesRoundAndKeepsTheNewestWithoutAGap) {
  std::string file = empty_file();
  std::mt19937_64 random(1);
  RingCursor cursor(read_ring(file));
  for (uint64_t number = 1; number <= 600; ++number) {
    if (number % 7 == 0) cursor = RingCursor(read_ring(file));  // as after a restart
    put(file, cursor.add(payload(number, random() % 900)));
    const RingImage image = read_ring(file);
    expect_right(image);
    ASSERT_FALSE(image.entries.empty());
    EXPECT_EQ(image.entries.back().sequence, number);
    EXPECT_EQ(image.damaged, 0u) << number;
    if (number > 100) {
      EXPECT_GE(image.entries.size(), 7u);
    }
  }
}

TEST(Ring, TakesNoEntryThatWouldPushOutMostOthers) {
  std::string file = empty_file();
  RingCursor cursor(read_ring(file));
  EXPECT_EQ(cursor.longest(), 1024u);
  EXPECT_TRUE(cursor.add(std::string(1025, 'x')).empty());
  put(file, cursor.add(payload(1, 1024)));
  EXPECT_EQ(read_ring(file).entries.size(), 1u);
}

TEST(Ring, LosesToATornWriteThatEntryAndTheOldestOnly) {
  std::string file = empty_file();
  std::mt19937_64 random(2);
  RingCursor cursor(read_ring(file));
  uint64_t number = 0;
  // At every place of the ring: in the middle, over older entries, and where it goes round.
  for (; number < 40; ++number) {
    const std::string before = file;
    const RingImage old = read_ring(before);
    const auto writes = cursor.add(payload(number + 1, 20 + random() % 500));
    put(file, writes);
    const RingImage whole = read_ring(file);
    std::string torn = before;
    for (const auto& write : writes) {
      for (size_t at = 0; at < write.bytes.size(); ++at) {
        torn[write.offset + at] = write.bytes[at];
        const RingImage image = read_ring(torn);
        expect_right(image);
        // Whatever the whole write keeps of the older ones is there at every moment of it.
        ASSERT_GE(image.entries.size() + 1, whole.entries.size());
        ASSERT_GE(image.entries.empty() ? 0 : image.entries.back().sequence, number);
      }
    }
    EXPECT_EQ(torn, file);
  }
}

TEST(Ring, GoesOnBehindATornEntry) {
  std::string file = empty_file();
  RingCursor cursor(read_ring(file));
  for (uint64_t number = 1; number <= 3; ++number) put(file, cursor.add(payload(number, 100)));
  const auto torn = cursor.add(payload(4, 100));
  file.replace(torn[0].offset, 50, torn[0].bytes.substr(0, 50));
  RingCursor after(read_ring(file));
  put(file, after.add(payload(4, 100)));
  const RingImage image = read_ring(file);
  expect_right(image);
  EXPECT_EQ(image.entries.size(), 4u);
}

TEST(Ring, CountsWhatABadDiskTookFromTheMiddle) {
  std::string file = empty_file();
  RingCursor cursor(read_ring(file));
  std::vector<uint64_t> offsets;
  for (uint64_t number = 1; number <= 5; ++number) {
    const auto writes = cursor.add(payload(number, 100));
    offsets.push_back(writes[0].offset);
    put(file, writes);
  }
  file[offsets[2] + 60] ^= 1;
  const RingImage image = read_ring(file);
  expect_right(image);
  EXPECT_EQ(image.entries.size(), 4u);
  EXPECT_EQ(image.damaged, 1u);
}

TEST(Ring, IsNotFooledByATextThatLooksLikeAFrame) {
  std::string file = empty_file();
  // A whole frame of another ring, as the payload of an entry that is then damaged.
  RingCursor other(RingHeader{.size = size, .id = 99}, 7);
  RingCursor cursor(read_ring(file));
  const auto writes = cursor.add(std::string(8, ' ') + other.add("foreign")[0].bytes);
  put(file, writes);
  file[writes[0].offset + 24] ^= 1;
  EXPECT_TRUE(read_ring(file).entries.empty());
}

TEST(Ring, SaysWhyAFileIsNone) {
  EXPECT_EQ(read_ring("").error, "is no flight recording");
  EXPECT_EQ(read_ring(std::string(9000, '\0')).error, "is no flight recording");
  std::string other = empty_file();
  other[14] = '2';
  EXPECT_EQ(read_ring(other).error, "is a flight recording of another version of picket");
  std::string damaged = empty_file();
  damaged[20] ^= 1;
  EXPECT_EQ(read_ring(damaged).error, "its header is damaged");
  EXPECT_EQ(read_ring(empty_file().substr(0, 5000)).error, "has 5000 bytes where its header says 12288");
}

TEST(Ring, WithBytesDrawnByChanceGivesOnlyWholeEntries) {
  std::mt19937_64 random(3);
  std::string good = empty_file();
  RingCursor cursor(read_ring(good));
  for (uint64_t number = 1; number <= 50; ++number) put(good, cursor.add(payload(number, random() % 500)));
  for (int i = 0; i < 200; ++i) {
    std::string file = good;
    for (int change = 0; change < 20; ++change) file[64 + random() % (size - 64)] = static_cast<char>(random());
    expect_right(read_ring(file));
  }
}

TEST(Ring, OfFramesThatOverlapIsReadInBoundedTime) {
  // Somebody who knows the id makes every eighth byte the begin of a long frame.
  const uint64_t large = RingHeader::region + (8 << 20);
  std::string file = RingHeader{.size = large, .id = 0x0101010101010101}.encode();
  std::string part(8, '\1');                     // as id
  part += std::string("\0\0\x08\0\0\0\0\0", 8);  // as length and checksum, where the number is `part` again
  while (file.size() < large) file += part;
  file.resize(large);
  EXPECT_TRUE(read_ring(file).entries.empty());
}

}  // namespace
}  // namespace picket
