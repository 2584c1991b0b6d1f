#include "fence/control_group.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace picket {
namespace {
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ControlGroupMounts, AreTheUnifiedOneAndSystemdsOwn) {
  EXPECT_THAT(control_group_mounts("proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n"),
              ElementsAre("/sys/fs/cgroup"));
  EXPECT_THAT(control_group_mounts("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n"
                                   "cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0\n"
                                   "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"),
              ElementsAre("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"));
  EXPECT_THAT(control_group_mounts("none /mnt/a\\040b cgroup2 rw 0 0\n"), ElementsAre("/mnt/a b"));
  EXPECT_THAT(control_group_mounts("garbage\n\ncgroup2\n"), IsEmpty());
}

TEST(CgroupEvents, AreEmptyOnlyWhenTheySaySo) {
  EXPECT_TRUE(says_empty("populated 0\nfrozen 0\n"));
  EXPECT_TRUE(says_empty("frozen 0\npopulated 0\n"));
  for (const char* text : {"", "populated 1\nfrozen 0\n", "populated\n", "frozen 0\n", "populated 00", "x"})
    EXPECT_FALSE(says_empty(text)) << text;
}

// A control group of the test's own with one process in it, in every hierarchy that is mounted.
class ControlGroup : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream in("/proc/self/mounts");
    const std::string mounts{std::istreambuf_iterator<char>(in), {}};
    for (const auto& mount : control_group_mounts(mounts)) {
      std::error_code failed;
      std::filesystem::create_directories(mount + group + "/inner", failed);
      if (!failed) folders.push_back(mount + group);
    }
    if (folders.empty()) GTEST_SKIP() << "no control group can be made here";
    child = fork();
    if (child == 0) {
      pause();
      _exit(0);
    }
  }
  void TearDown() override {
    end_child();
    for (const auto& folder : folders) {
      rmdir((folder + "/inner").c_str());
      rmdir(folder.c_str());
    }
  }
  void end_child() {
    if (child <= 0) return;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    child = 0;
  }
  const std::string unit = "picket_group_" + std::to_string(getpid()) + ".service";
  const std::string group = "/" + unit;
  std::vector<std::string> folders;
  int child = 0;
};

TEST_F(ControlGroup, IsNotEmptyWhileAProcessIsInItOrBelowIt) {
  EXPECT_TRUE(look_at_group(group).empty);
  for (const auto& folder : folders) {
    for (const char* place : {"", "/inner"}) {
      std::ofstream(folder + place + "/cgroup.procs") << child << std::flush;
      EXPECT_FALSE(look_at_group(group).empty) << folder << place;
      EXPECT_EQ(look_at_group(group).text, "not empty");
    }
  }
  end_child();
  EXPECT_EQ(look_at_group(group).text, "empty");
  TearDown();
  EXPECT_EQ(look_at_group(group).text, "gone");
}

TEST_F(ControlGroup, ASignalReachesWhoIsInItAndNobodyBesides) {
  const int outside = fork();
  if (outside == 0) {
    pause();
    _exit(0);
  }
  EXPECT_EQ(signal_group(group, unit, SIGKILL), "") << "nobody is in it yet";
  for (const auto& folder : folders) std::ofstream(folder + "/inner/cgroup.procs") << child << std::flush;
  EXPECT_EQ(signal_group(group, "postgresql@15-main.service", SIGKILL), "") << "the group is not that of the unit";
  EXPECT_EQ(signal_group("/", "", SIGKILL), "");
  EXPECT_EQ(signal_group(group, unit, SIGKILL), "sent to " + std::to_string(child));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  child = 0;
  EXPECT_EQ(waitpid(outside, &status, WNOHANG), 0);
  kill(outside, SIGKILL);
  waitpid(outside, nullptr, 0);
}

}  // namespace
}  // namespace picket
