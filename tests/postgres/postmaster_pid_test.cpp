#include "postgres/postmaster_pid.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {
using testing::HasSubstr;

const std::string whole =
    "4242\n/var/lib/postgresql/15/main\n1732225000\n5432\n/var/run/postgresql\n*\n  5432001     65538\nready   \n";

PostmasterPid parsed(std::string_view text) {
  std::string error;
  const auto file = parse_postmaster_pid(text, error);
  EXPECT_TRUE(file) << error;
  return file.value_or(PostmasterPid{});
}

TEST(PostmasterPid, OfARunningServerHasEveryField) {
  const auto file = parsed(whole);
  EXPECT_EQ(file.pid, 4242);
  EXPECT_FALSE(file.single_user);
  EXPECT_EQ(file.data_directory, "/var/lib/postgresql/15/main");
  EXPECT_EQ(file.started, 1732225000);
  EXPECT_EQ(file.port, 5432);
  EXPECT_EQ(file.socket_folder, "/var/run/postgresql");
  EXPECT_EQ(file.listen_address, "*");
  EXPECT_EQ(file.shm_id, 65538);
  EXPECT_EQ(file.status, "ready");
}

TEST(PostmasterPid, IsReadAtEveryLengthThatItMayHaveWhileItGrows) {
  for (size_t length = 0; length <= whole.size(); ++length) {
    std::string error;
    EXPECT_TRUE(parse_postmaster_pid(std::string_view(whole).substr(0, length), error)) << length << ": " << error;
  }
  EXPECT_EQ(parsed("").pid, 0);
  EXPECT_EQ(parsed("42").pid, 0) << "a line without its end may still be growing";
  EXPECT_EQ(parsed("4242\n/data\n").pid, 4242);
  EXPECT_EQ(parsed("4242\n/data\n").status, "");
}

TEST(PostmasterPid, OfASingleUserServerSaysSo) {
  const auto file = parsed("-4242\n/data\n1732225000\n5432\n\n\n");
  EXPECT_TRUE(file.single_user);
  EXPECT_EQ(file.pid, 4242);
}

TEST(PostmasterPid, WithAnEmptySegmentLineStillHasItsStatus) {
  const auto file = parsed("4242\n/data\n1732225000\n5432\n\nlocalhost\n\nstarting\n");
  EXPECT_EQ(file.shm_id, -1);
  EXPECT_EQ(file.status, "starting");
}

TEST(PostmasterPid, ThatMakesNoSenseIsRefusedWithTheLine) {
  std::string error;
  EXPECT_FALSE(parse_postmaster_pid("hello\n", error));
  EXPECT_THAT(error, HasSubstr("postmaster.pid:1"));
  EXPECT_FALSE(parse_postmaster_pid("0\n", error));
  EXPECT_FALSE(parse_postmaster_pid("-2147483648\n", error));
  EXPECT_FALSE(parse_postmaster_pid("42\n/data\nyesterday\n", error));
  EXPECT_THAT(error, HasSubstr("postmaster.pid:3"));
  EXPECT_FALSE(parse_postmaster_pid("42\n/data\n1\nport\n", error));
  EXPECT_FALSE(parse_postmaster_pid("42\n/data\n1\n1\n\n\nkey\n", error));
  EXPECT_FALSE(parse_postmaster_pid(std::string(4096, 'x'), error));
  EXPECT_FALSE(parse_postmaster_pid(std::string(10, '\0') + "\n", error));
}

}  // namespace
}  // namespace picket
