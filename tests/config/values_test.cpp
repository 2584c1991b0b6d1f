#include "config/values.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST(Duration, IsANumberAndItsUnit) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("4s"), 4s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.001s"), 1ms);
  EXPECT_EQ(parse_duration("0.25m"), 15s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Duration, IsNeverGuessed) {
  for (const char* text : {"",
                           "4",
                           "s",
                           "4 s",
                           " 4s",
                           "4s ",
                           "-4s",
                           "+4s",
                           "1.s",
                           ".5s",
                           "1.5",
                           "1.5ms",
                           "1.0001s",
                           "4S",
                           "4sec",
                           "1e3s",
                           "4,5s",
                           "0x4s",
                           "99999999999999999999s",
                           "1000000001s",
                           "four"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Duration, IsShownAsItCanBeWritten) {
  for (const char* text : {"0s", "1ms", "250ms", "1500ms", "4s", "90s", "2m", "1h"}) {
    ASSERT_TRUE(parse_duration(text));
    EXPECT_EQ(duration_text(*parse_duration(text)), text);
  }
}

TEST(Size, IsANumberAndItsUnit) {
  EXPECT_EQ(parse_size("0B"), 0U);
  EXPECT_EQ(parse_size("8kB"), 8192U);
  EXPECT_EQ(parse_size("16MB"), 16777216U);
  EXPECT_EQ(parse_size("2TB"), 2199023255552U);
  for (const char* text : {"", "16", "MB", "16 MB", "16mb", "16KB", "-1MB", "1.5MB", "99999999TB"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Address, MayHaveAPrefixOnlyWhereOneMakesSense) {
  for (const char* text : {"10.0.0.5", "::", "2001:db8::1"}) EXPECT_TRUE(is_address(text, false)) << text;
  for (const char* text : {"10.0.0.5/24", "2001:db8::1/128", "10.0.0.5/0"}) {
    EXPECT_TRUE(is_address(text, true)) << text;
    EXPECT_FALSE(is_address(text, false)) << text;
  }
  for (const char* text : {"", "pg1", "10.0.0", "10.0.0.256", "10.0.0.5/33", "10.0.0.5/", "10.0.0.5/x", "::/129",
                           "10.0.0.5/24/24", "10.0.0.5 "})
    EXPECT_FALSE(is_address(text, true)) << text;
}

TEST(Nearest, IsWhatAHumanMeant) {
  const std::vector<std::string> keys = {"level", "guard.hang_stop", "guard.hang_withdraw", "http.port", "log.level"};
  EXPECT_EQ(nearest("guard.hang_stopp", keys), "guard.hang_stop");
  EXPECT_EQ(nearest("guard.hangstop", keys), "guard.hang_stop");
  EXPECT_EQ(nearest("port", keys), "http.port") << "the right name in the wrong table";
  EXPECT_EQ(nearest("levle", keys), "level");
  EXPECT_EQ(nearest("guard.something_else", keys), "");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace picket
