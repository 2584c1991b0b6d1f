#include "fence/proof.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "fence/server.hpp"
#include "postgres/throwaway.hpp"

namespace picket {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
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
  Proof look() {
    FenceTarget target;
    target.data_directory = "/nowhere";
    target.control_group = group;
    return Prover(target).look();
  }
  const std::string group = "/picket_proof_" + std::to_string(getpid());
  std::vector<std::string> folders;
  int child = 0;
};

TEST_F(ControlGroup, IsNotEmptyWhileAProcessIsInItOrBelowIt) {
  EXPECT_TRUE(look().proved) << look().sentence;
  for (const auto& folder : folders) {
    for (const char* place : {"", "/inner"}) {
      std::ofstream(folder + place + "/cgroup.procs") << child << std::flush;
      EXPECT_FALSE(look().proved) << folder << place;
      EXPECT_THAT(look().sentence, HasSubstr("not empty"));
    }
  }
  end_child();
  EXPECT_TRUE(look().proved) << look().sentence;
  TearDown();
  EXPECT_THAT(look().sentence, HasSubstr("control group " + group + ": gone"));
}

TEST(Proof, OfALivingServerFailsInEveryPart) {
  test::Throwaway server;
  server.start();
  const auto proof = Prover(test::target_of(server)).look();
  EXPECT_FALSE(proof.proved);
  EXPECT_THAT(proof.sentence, HasSubstr("processes: "));
  EXPECT_THAT(proof.sentence, HasSubstr(std::to_string(server.pid())));
  EXPECT_THAT(proof.sentence, HasSubstr("attached"));
  EXPECT_THAT(proof.sentence, testing::Not(HasSubstr(": 0 attached")));
  EXPECT_THAT(proof.sentence, HasSubstr("accepts"));
}

TEST(Proof, OfACleanlyStoppedServerHolds) {
  test::Throwaway server;
  server.start();
  const auto target = test::target_of(server);
  server.stop();
  const auto proof = Prover(target).look();
  EXPECT_TRUE(proof.proved) << proof.sentence;
  EXPECT_THAT(proof.sentence, HasSubstr("processes: none"));
  EXPECT_THAT(proof.sentence, HasSubstr(": 0 attached"));
  EXPECT_THAT(proof.sentence, HasSubstr("refused"));
}

TEST(Proof, IsNotGivenByARefusedPortWhileAnOrphanCommits) {
  test::Throwaway server;
  server.start();
  const auto target = test::target_of(server);
  test::EndlessCommitter committer(server);
  server.kill9();
  const auto proof = Prover(target).look();
  EXPECT_FALSE(proof.proved) << proof.sentence;
  EXPECT_THAT(proof.sentence, HasSubstr("refused"));
  EXPECT_THAT(proof.sentence, HasSubstr(std::to_string(committer.backend())));
  kill(committer.backend(), SIGKILL);
}

}  // namespace
}  // namespace picket
