// Real programs.
#include "fence/hook.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

TEST(SplitWords, SplitsAtBlanksAndKnowsNoQuotes) {
  EXPECT_THAT(split_words("/usr/sbin/fence  --host \tpdu1 \"a b\""),
              ElementsAre("/usr/sbin/fence", "--host", "pdu1", "\"a", "b\""));
  EXPECT_THAT(split_words("  "), IsEmpty());
}

class HookTest : public testing::Test {
 protected:
  HookTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "picket_hook_XXXXXX").string();
    folder = mkdtemp(pattern.data());
    hook.emplace(loop, 20'000ms);
  }
  ~HookTest() override { std::filesystem::remove_all(folder); }
  std::string script(const std::string& text) const {
    const std::string path = folder + "/hook";
    std::ofstream(path) << "#!/bin/sh\n" << text << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(folder + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void run(std::vector<std::string> words) {
    hook->run(std::move(words), [this](const std::string& outcome) { outcomes.push_back(outcome); });
  }
  bool wait() {
    return loop.run_until([this] { return !outcomes.empty(); }, 15'000ms);
  }
  bool alive(const std::string& pid_file) const { return kill(std::stoi(read(pid_file)), 0) == 0; }

  std::string folder;
  Loop loop;
  std::optional<Hook> hook;
  std::vector<std::string> outcomes;
};

TEST_F(HookTest, GetsItsArgumentsAsTheyAreAndItsResultIsTold) {
  run({script("printf '%s|' \"$@\" > " + folder + "/seen; read line && exit 9; exit 3"), "1", "node one", "a;b $HOME"});
  EXPECT_TRUE(hook->running());
  EXPECT_THAT(outcomes, IsEmpty()) << "nothing waits for it";
  ASSERT_TRUE(wait());
  EXPECT_THAT(outcomes, ElementsAre(StartsWith("exit 3 after ")));
  EXPECT_EQ(read("seen"), "1|node one|a;b $HOME|");
  EXPECT_FALSE(hook->running());
}

TEST_F(HookTest, BeginsWithPlainSignalsAndNoDescriptorOfOurs) {
  const Fd ours{dup(0)};
  run({script("ls /proc/self/fd | wc -l > " + folder + "/fds; grep SigBlk /proc/self/status > " + folder +
              "/blocked; kill -ABRT $$")});
  ASSERT_TRUE(wait());
  EXPECT_THAT(outcomes, ElementsAre(StartsWith("ended by signal 6 after ")));
  EXPECT_LE(std::stoi(read("fds")), 4) << "0, 1, 2 and the folder that ls reads";
  EXPECT_EQ(read("blocked"), "SigBlk:\t0000000000000000\n");
}

TEST_F(HookTest, ThatCannotBeStartedIsTold) {
  run({folder + "/absent"});
  ASSERT_TRUE(wait());
  EXPECT_THAT(outcomes, ElementsAre("could not be started: No such file or directory"));
  EXPECT_FALSE(hook->running());
  outcomes.clear();
  run({"/bin/true"});
  ASSERT_TRUE(wait());
  EXPECT_THAT(outcomes, ElementsAre(StartsWith("exit 0 after ")));
}

TEST_F(HookTest, ThatDoesNotEndIsKilledWithItsChildren) {
  hook.emplace(loop, 500ms);
  run({script("sleep 60 & echo $! > " + folder + "/child; wait")});
  ASSERT_TRUE(wait());
  EXPECT_THAT(outcomes, ElementsAre("killed, since it did not end within 0.5 s"));
  EXPECT_TRUE(loop.run_until([this] { return !hook->running(); }, 15'000ms));
  EXPECT_EQ(outcomes.size(), 1U) << "told once";
  if (!read("child").empty()) {
    EXPECT_TRUE(loop.run_until([this] { return !alive("child"); }, 15'000ms));
  }
}

TEST_F(HookTest, IsKilledWithItsOwner) {
  run({script("echo $$ > " + folder + "/pid.new; mv " + folder + "/pid.new " + folder + "/pid; exec sleep 60")});
  ASSERT_TRUE(loop.run_until([this] { return !read("pid").empty(); }, 15'000ms));
  loop.run_until([] { return false; }, 10ms);
  const int pid = std::stoi(read("pid"));
  hook.reset();
  siginfo_t info{};
  EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED), 0);
  EXPECT_EQ(info.si_status, SIGKILL);
}

}  // namespace
}  // namespace picket
