// The samples in config/: they say what the code does, and the programs that they are for accept them.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "config/command.hpp"
#include "config/config.hpp"
#include "config/keys.hpp"
#include "config/same_config.hpp"

namespace picket {
namespace {
using testing::HasSubstr;

const std::string samples = std::string(PICKET_SOURCE_DIR) + "/config/";

std::string text_of(const std::string& name) {
  std::ifstream file(samples + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The sample with every `# key = value` line made a setting.
std::string uncommented() {
  return std::regex_replace(text_of("picket.toml"), std::regex("(^|\n)# ([a-z_]+ = )"), "$1$2");
}

TEST(SampleToml, AsItIsSetsNothing) {
  EXPECT_EQ(all_fields(load(text_of("picket.toml"), "picket.toml")), all_fields(Config{}));
}

TEST(SampleToml, ShowsEveryKeyWithItsDefault) {
  EXPECT_EQ(all_fields(load(uncommented(), "picket.toml")), all_fields(Config{}));
  std::set<std::string> shown, known;
  for (const Entry& entry : read_entries(uncommented(), "picket.toml"))
    if (!entry.table) shown.insert(entry.path);
  for (const Key& key : known_keys()) known.insert(key.path);
  EXPECT_EQ(shown, known);
}

TEST(SampleKeepalivedConf, IsAcceptedByKeepalived) {
  if (!have_program("keepalived")) GTEST_SKIP() << "keepalived is not installed";
  // It looks for the interface and for the folder of the tracked files.
  const std::filesystem::path folder = testing::TempDir() + "picket_samples_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "keepalived.conf")
      << std::regex_replace(text_of("keepalived.conf"), std::regex("/run/picket/vrrp"), folder.string());
  const CommandResult result = run_command(
      "unshare --net sh -c 'ip link add eth0 type veth peer name other && ip link set eth0 up && "
      "/usr/sbin/keepalived -t -f " +
      (folder / "keepalived.conf").string() + "'");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(result.output, "") << "a line that Keepalived reads in another way than it looks";
  std::filesystem::remove_all(folder);
}

TEST(SampleHaproxyCfg, IsAcceptedByHaproxyWithoutAWarning) {
  if (!have_program("haproxy")) GTEST_SKIP() << "haproxy is not installed";
  const CommandResult result = run_command("/usr/sbin/haproxy -c -f " + samples + "haproxy.cfg");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, testing::Not(HasSubstr("WARNING")));
}

}  // namespace
}  // namespace picket
