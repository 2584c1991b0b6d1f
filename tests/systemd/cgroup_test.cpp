#include <gtest/gtest.h>

#include "systemd/unit.hpp"

namespace picket {
namespace {

TEST(UnitOfCgroup, IsTheServiceBelowItsSlices) {
  EXPECT_EQ(unit_of_cgroup("0::/system.slice/system-postgresql.slice/postgresql@15-main.service\n"),
            "postgresql@15-main.service");
}

TEST(UnitOfCgroup, IsTheOutermostUnitOfADelegatedTree) {
  EXPECT_EQ(unit_of_cgroup("0::/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service\n"),
            "user@1000.service");
  EXPECT_EQ(unit_of_cgroup("0::/system.slice/docker.service/payload\n"), "docker.service");
}

TEST(UnitOfCgroup, IsASessionForAServerStartedByHand) {
  EXPECT_EQ(unit_of_cgroup("0::/user.slice/user-0.slice/session-3.scope\n"), "session-3.scope");
}

TEST(UnitOfCgroup, ReadsTheHierarchyOfSystemdOnAHybridSystem) {
  EXPECT_EQ(unit_of_cgroup("12:cpu,cpuacct:/other.service\n1:name=systemd:/system.slice/a.service\n0::/x\n"),
            "a.service");
  EXPECT_EQ(unit_of_cgroup("12:cpu,cpuacct:/other.service\n0::/system.slice/b.service"), "b.service");
}

TEST(UnitOfCgroup, IsThatOfTheContainerAndNotWhatTheHostCallsTheContainer) {
  const char* text = "1:name=systemd:/machine.slice/machine-pg1.scope\n0::/system.slice/postgresql@15-main.service\n";
  EXPECT_EQ(unit_of_cgroup(text), "postgresql@15-main.service");
  EXPECT_EQ(cgroup_of_unit(text, "postgresql@15-main.service"), "/system.slice/postgresql@15-main.service");
}

TEST(UnitOfCgroup, IsFoundBelowTheFolderOfAContainerAndUnescaped) {
  EXPECT_EQ(unit_of_cgroup("0::/pg1/system.slice/_cgroup.service\n"), "cgroup.service");
}

TEST(UnitOfCgroup, IsNoneForTheRootForSlicesAndForGarbage) {
  for (const char* text : {"", "\n", "0::/\n", "0::/system.slice\n", "nonsense", ":::", "0::/system.slice/.service\n",
                           "3:memory:/a.service\n"})
    EXPECT_FALSE(unit_of_cgroup(text).has_value()) << text;
}

TEST(CgroupOfUnit, IsThePathUpToTheUnitAndOnlyForThatUnit) {
  const char* text = "0::/system.slice/system-postgresql.slice/postgresql@15-main.service/sub\n";
  EXPECT_EQ(cgroup_of_unit(text, "postgresql@15-main.service"),
            "/system.slice/system-postgresql.slice/postgresql@15-main.service");
  EXPECT_FALSE(cgroup_of_unit("0::/user.slice/session-3.scope\n", "postgresql@15-main.service").has_value());
}

}  // namespace
}  // namespace picket
