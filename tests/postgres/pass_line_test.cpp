#include "postgres/pass_line.hpp"

#include <gtest/gtest.h>

namespace picket {
namespace {

TEST(PassLine, TakesThePasswordOutOfTheString) {
  const PassLine one = pass_line_of("host=10.0.0.2 port=5433 user=repmgr dbname=repmgr password='two words'");
  EXPECT_EQ(one.line, "10.0.0.2:*:*:repmgr:two words\n");
  const PassLine two = pass_line_of(R"(host=a user='my user' password='p:w\\\'d')");
  EXPECT_EQ(two.conninfo, "user='my user' host='a'");
  EXPECT_EQ(two.line, "a:*:*:my user:p\\:w\\\\'d\n") << "colons and backslashes are escaped there";
  EXPECT_EQ(pass_line_of("postgresql://u:p%40w@h/db").line, "h:*:*:u:p@w\n");
}

TEST(PassLine, NamesAnyHostForAListAndTheDefaultForNone) {
  EXPECT_EQ(pass_line_of("host=a,b user=u password=p").line, "*:*:*:u:p\n");
  EXPECT_EQ(pass_line_of("user=u password=p").line, "localhost:*:*:u:p\n");
  EXPECT_EQ(pass_line_of("hostaddr=10.0.0.2 password=p").line, "10.0.0.2:*:*:*:p\n");
}

TEST(PassLine, LeavesAloneWhatHasNoPasswordOrMakesNoSense) {
  for (const char* conninfo : {"host=a user=u", "no conninfo at all", ""}) {
    EXPECT_EQ(pass_line_of(conninfo).conninfo, conninfo);
    EXPECT_EQ(pass_line_of(conninfo).line, "");
  }
}

}  // namespace
}  // namespace picket
