// A fence that cannot be proved: a process may not be examined that could be one of the server's.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent/cluster.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{15'000};

class Unproved : public testing::Test {
 protected:
  // A program that writes down how it was called.
  std::string hook(const std::string& rest) {
    const std::string path = node_.folder() / "hook";
    write_text(path, "#!/bin/sh\necho \"$@\" >> " + (node_.folder() / "run/called") + "\n" + rest + "\n");
    chmod(path.c_str(), 0755);
    return path;
  }
  std::string called() const { return read_text(node_.folder() / "run/called"); }
  bool logs(const std::string& words) {
    return took([&] { return node_.log().find(words) != std::string::npos; }, limit).has_value();
  }
  void start(const std::string& fence) {
    node_.start_agent({.fence = fence, .sees_everybody = true});
    ASSERT_TRUE(node_.until("R1", limit)) << describe(node_);
  }

  Cluster cluster_;
  Member& node_ = cluster_.node1();
};

TEST_F(Unproved, CallsTheHookOnceWithNodeAndReasonAndShowsItsResultAsARung) {
  start("stonith_hook = \"" + hook("exit 7") + " --from test\"\n");
  const Unexaminable foreign("postgres");
  EXPECT_EQ(node_.picket({"fence"}).code, 0);
  ASSERT_TRUE(logs("fence: not proved")) << describe(node_);
  ASSERT_TRUE(took([&] { return !called().empty(); }, limit)) << describe(node_);
  EXPECT_TRUE(logs("--from test 1 node1 operator: exit 7 after")) << describe(node_);
  EXPECT_TRUE(
      took([&] { return node_.status()["fence"]["rungs"].dump().find("operator: exit 7 after") != std::string::npos; },
           limit))
      << node_.status()["fence"].dump();
  EXPECT_EQ(called(), "--from test 1 node1 operator\n") << "not again before 30 s are over";
}

TEST_F(Unproved, IsNotTheHooksMatterWhenTheFenceIsProved) {
  start("stonith_hook = \"" + hook("exit 0") + "\"\n");
  EXPECT_EQ(node_.picket({"fence"}).code, 0);
  ASSERT_TRUE(logs("fence: proved")) << describe(node_);
  EXPECT_EQ(called(), "");
}

TEST_F(Unproved, ThereforeNoWatchdogIsArmedWhereNoProofIsPossible) {
  const Unexaminable foreign("postgres");
  start("watchdog = \"/dev/null\"\n");
  EXPECT_TRUE(logs("the watchdog is not armed, since no fence could be proved here: processes: cannot be looked at"))
      << describe(node_);
}

TEST_F(Unproved, AWatchdogThatIsNoneIsToldAndTheAgentGoesOn) {
  start("watchdog = \"/dev/null\"\n");
  EXPECT_TRUE(logs("the watchdog cannot be used: /dev/null: is no watchdog")) << describe(node_);
  EXPECT_EQ(node_.rule(), "R1");
}

}  // namespace
}  // namespace picket::test
