// units/: systemd itself judges the unit, and what other parts rely on is in it.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "config/command.hpp"

namespace picket {
namespace {
using testing::HasSubstr;
using testing::Not;

const std::string units = std::string(PICKET_SOURCE_DIR) + "/units/";

std::string text_of(const std::string& name) {
  std::ifstream file(units + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Unit, IsWithoutFaultForSystemd) {
  if (!have_program("systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not installed";
  const std::filesystem::path folder = testing::TempDir() + "picket_units_test";
  std::filesystem::create_directories(folder);
  // The programs need not be installed here.
  std::ofstream(folder / "picket.service")
      << std::regex_replace(text_of("picket.service"), std::regex("=/usr/bin/picketd?"), "=/bin/true");
  const CommandResult result = run_command("systemd-analyze verify " + (folder / "picket.service").string());
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, Not(HasSubstr("picket.service"))) << "a line that systemd does not understand";
  std::filesystem::remove_all(folder);
}

TEST(Unit, IsHardenedToAnExposureOfTwoOrLess) {
  if (!have_program("systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not installed";
  const CommandResult result =
      run_command("systemd-analyze security --no-pager --offline=true --threshold=20 " + units + "picket.service");
  EXPECT_EQ(result.exit_code, 0) << result.output;
}

TEST(Unit, NeverTiesPostgresqlToTheAgent) {
  const std::string text = "\n" + text_of("picket.service");
  for (const char* directive : {"\nRequires=", "\nBindsTo=", "\nPartOf=", "\nRequisite=", "\nConflicts=",
                                "\nPropagatesStopTo=", "\nRuntimeDirectory=", "\nRemoveIPC=yes", "\nPrivateTmp=yes"})
    EXPECT_THAT(text, Not(HasSubstr(directive)));
}

// A pg_rewind that is cut short costs a new copy; sudo, which repmgr.conf may use, does not work with NoNewPrivileges=.
TEST(RejoinUnit, IsNotEndedHalfWayAndHarmsNoServer) {
  const std::string text = "\n" + text_of("picket-rejoin.service");
  for (const char* line : {"\nType=oneshot\n", "\nUser=postgres\n", "\nTimeoutStartSec=infinity\n",
                           "\nKillMode=mixed\n", "\nExecStart=/usr/bin/picket rejoin --run\n", "\nRemoveIPC=no\n"})
    EXPECT_THAT(text, HasSubstr(line));
  for (const char* directive :
       {"NoNewPrivileges=", "PrivateDevices=", "SystemCall", "[Install]", "Requires=", "BindsTo="})
    EXPECT_THAT(text, Not(HasSubstr(std::string("\n") + directive)));
}

TEST(Unit, LeavesAClosedGateBehind) {
  EXPECT_THAT(text_of("picket.service"), HasSubstr("\nExecStopPost=/usr/bin/picket gate close\n"));
}

TEST(StartGateDropIn, AsksAsRootForTheInstanceAndARefusalIsNotIgnored) {
  EXPECT_THAT(text_of("postgresql-gate.conf"), HasSubstr("\n[Service]\nExecStartPre=+/usr/bin/picket gate start %i\n"));
}

TEST(Tmpfiles, MakeTheFoldersThatKeepalivedWatches) {
  if (!have_program("systemd-tmpfiles") || run_command("getent passwd postgres").exit_code != 0)
    GTEST_SKIP() << "no systemd-tmpfiles, or no user postgres";
  const std::filesystem::path root = testing::TempDir() + "picket_tmpfiles_test";
  std::filesystem::create_directories(root / "etc");
  for (const char* file : {"passwd", "group"})
    std::filesystem::copy_file(std::filesystem::path("/etc") / file, root / "etc" / file,
                               std::filesystem::copy_options::overwrite_existing);
  const CommandResult result =
      run_command("systemd-tmpfiles --create --root=" + root.string() + " - < " + units + "picket.tmpfiles.conf");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  const CommandResult made = run_command("stat -c '%a %U:%G' " + (root / "run/picket/vrrp").string());
  EXPECT_EQ(made.output, "755 postgres:postgres\n");
  std::filesystem::remove_all(root);
}

TEST(PolkitRule, LetsPostgresDoFourThingsToOneUnitAndStartTheWayBack) {
  const std::string rule = text_of("50-picket.rules.in");
  EXPECT_THAT(rule, HasSubstr(R"(subject.user == "postgres")"));
  EXPECT_THAT(rule, HasSubstr(R"(action.lookup("unit") == "@PICKET_POSTGRESQL_UNIT@")"));
  EXPECT_THAT(rule, HasSubstr(R"(["start", "stop", "kill", "reset-failed"])"));
  EXPECT_THAT(rule, HasSubstr(R"(action.lookup("unit") == "picket-rejoin.service" &&
        ["start", "reset-failed"])"));
}

}  // namespace
}  // namespace picket
