#include "postgres/pg_control.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <vector>

namespace picket {
namespace {
using testing::HasSubstr;

template <class Number>
void put(std::vector<unsigned char>& bytes, size_t offset, Number value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

std::vector<unsigned char> control(uint32_t version = 1300, uint32_t state = 6) {
  std::vector<unsigned char> bytes(8192, 0);
  put<uint64_t>(bytes, 0, 7439825170230105000u);
  put<uint32_t>(bytes, 8, version);
  put<uint32_t>(bytes, 16, state);
  put<uint64_t>(bytes, 32, 0x3000060);
  put<uint32_t>(bytes, 48, 2);
  put<uint64_t>(bytes, 136, 0x3000100);
  put<uint32_t>(bytes, 144, 3);
  put<uint32_t>(bytes, 288, crc32c({bytes.data(), 288}));
  return bytes;
}

TEST(Crc32c, GivesTheCheckValueOfItsDefinition) {
  const std::string digits = "123456789";
  const std::vector<unsigned char> bytes(digits.begin(), digits.end());
  EXPECT_EQ(crc32c(bytes), 0xE3069283u);
}

TEST(PgControl, HoldsIdentifierStateAndTimelines) {
  std::string error;
  const auto file = parse_pg_control(control(), error);
  ASSERT_TRUE(file) << error;
  EXPECT_EQ(file->system_identifier, 7439825170230105000u);
  EXPECT_EQ(file->state, "in production");
  EXPECT_EQ(file->checkpoint_lsn, 0x3000060u);
  EXPECT_EQ(file->checkpoint_timeline, 2u);
  EXPECT_EQ(file->min_recovery_timeline, 3u);
}

TEST(PgControl, WithOneBitChangedIsRefused) {
  auto bytes = control();
  bytes[48] ^= 1;
  std::string error;
  EXPECT_FALSE(parse_pg_control(bytes, error));
  EXPECT_THAT(error, HasSubstr("checksum"));
}

TEST(PgControl, OfAnotherVersionIsRefusedByItsNumber) {
  std::string error;
  EXPECT_FALSE(parse_pg_control(control(1800), error));
  EXPECT_THAT(error, HasSubstr("1800"));
}

TEST(PgControl, ThatIsShortIsRefused) {
  auto bytes = control();
  bytes.resize(291);
  std::string error;
  EXPECT_FALSE(parse_pg_control(bytes, error));
  EXPECT_THAT(error, HasSubstr("291"));
  EXPECT_FALSE(parse_pg_control({}, error));
}

TEST(PgControl, InAnUnknownStateIsReadAllTheSame) {
  std::string error;
  const auto file = parse_pg_control(control(1300, 99), error);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->state, "unrecognized status code");
}

}  // namespace
}  // namespace picket
