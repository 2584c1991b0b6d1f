// The cluster key's file, and `picket keygen`, the real program.

#include "peers/key.hpp"

#include <gmock/gmock.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

#include "config/command.hpp"
#include "keepalived/folder.hpp"

namespace picket {
namespace {
using testing::AllOf;
using testing::HasSubstr;

const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

class KeyFile : public testing::Test {
 protected:
  std::string made(const std::string& text, mode_t mode = 0600) {
    write_file(path, text);
    chmod(path.c_str(), mode);
    return path;
  }
  std::string refusal() const {
    try {
      read_key_file(path);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  }
  Folder folder;
  const std::string path = folder / "cluster.key";
};

TEST_F(KeyFile, IsReadAsHexadecimalDigitsAndAsBase64) {
  for (const auto& text : {hex, hex + "\n", "  " + hex + "\r\n", base64, base64 + "\n", base64.substr(0, 43)})
    EXPECT_EQ(key_text(read_key_file(made(text))), hex) << text;
}

TEST_F(KeyFile, OfAnotherContentIsRefusedByNameAndNotRepeated) {
  for (const std::string& text : {std::string(), std::string("\n"), hex.substr(2), hex + "00", hex.substr(1) + "g",
                                  hex + "\n" + hex, base64 + "AA", base64.substr(0, 40), "!" + base64.substr(1),
                                  hex.substr(0, 32) + "\n" + hex.substr(32), std::string(100'000, 'a')}) {
    made(text);
    EXPECT_THAT(refusal(), AllOf(testing::StartsWith(path + ": "), HasSubstr("32 bytes"))) << text.substr(0, 80);
    const std::string told = text.size() > 1 ? text.substr(0, 10) : "nothing";
    EXPECT_THAT(refusal(), testing::Not(HasSubstr(told)));
  }
}

TEST_F(KeyFile, ThatOthersMayTouchIsRefused) {
  for (const mode_t mode : {0604, 0602, 0601, 0644, 0666, 0777}) {
    made(hex, mode);
    EXPECT_THAT(refusal(), AllOf(HasSubstr(path), HasSubstr("open to every user"))) << std::oct << mode;
  }
  made(hex, 0660);
  EXPECT_THAT(refusal(), HasSubstr("written by its group"));
  made(hex, 0640);
  EXPECT_EQ(refusal(), "accepted") << "by the group of this process";
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(chown(path.c_str(), 0, 12345), 0);
  EXPECT_THAT(refusal(), HasSubstr("read by group 12345"));
  ASSERT_EQ(chown(path.c_str(), 12345, 0), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to uid 12345"));
}

TEST_F(KeyFile, ThatIsNoneIsRefused) {
  EXPECT_THAT(refusal(), AllOf(HasSubstr(path), HasSubstr("No such file")));
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

TEST_F(KeyFile, IsMadeByKeygenAndNeverReplaced) {
  const CommandResult made = run_command(PICKET_CLI " keygen " + path);
  EXPECT_EQ(made.exit_code, 0) << made.output;
  EXPECT_EQ(refusal(), "accepted");
  const std::string text = read_file(path);
  EXPECT_EQ(text.size(), 65u);
  EXPECT_THAT(made.output, testing::Not(HasSubstr(text.substr(0, 64))));
  struct stat file {};
  ASSERT_EQ(stat(path.c_str(), &file), 0);
  const group* postgres = getgrnam("postgres");
  if (geteuid() == 0 && postgres != nullptr) {
    EXPECT_EQ(file.st_mode & 07777, 0640u);
    EXPECT_EQ(file.st_gid, postgres->gr_gid);
  } else {
    EXPECT_EQ(file.st_mode & 0137, 0u);
  }
  const CommandResult again = run_command(PICKET_CLI " keygen " + path);
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.output, AllOf(HasSubstr(path), HasSubstr("never replaced")));
  EXPECT_EQ(read_file(path), text);
}

TEST_F(KeyFile, MadeNowhereLeavesAnErrorAndNothingElse) {
  const CommandResult result = run_command(PICKET_CLI " keygen " + folder.path() + "/none/cluster.key");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.output, AllOf(HasSubstr("/none/cluster.key"), HasSubstr("No such file")));
}

TEST(Keygen, PrintsAKeyThatIsNewEachTime) {
  const CommandResult one = run_command(PICKET_CLI " keygen"), two = run_command(PICKET_CLI " keygen");
  EXPECT_EQ(one.exit_code, 0);
  EXPECT_EQ(key_text(parse_key(one.output)) + "\n", one.output);
  EXPECT_NE(one.output, two.output);
}

}  // namespace
}  // namespace picket
