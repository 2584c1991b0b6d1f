// The machine that runs the tests has no watchdog (and a real one would reset it), so a fake one stands behind the same
// interface and writes down what it is told. The real one is tried on what is none.
#include "fence/watchdog.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <mutex>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// What the fake device was told, in order; "feed" is written down once for a run of them. Shared with the worker.
class Log {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (what == "feed") ++feeds_;
    if (what != "feed" || all_.empty() || all_.back() != "feed") all_.push_back(what);
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  int feeds() const {
    const std::lock_guard lock(mutex_);
    return feeds_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> all_;
  int feeds_ = 0;
};

struct Fake : WatchdogDevice {
  explicit Fake(Log& told) : log(told) {}
  ~Fake() override { log.add("gone"); }
  Opened open(Millis timeout) override {
    log.add("open " + std::to_string(timeout.count()));
    return answer;
  }
  std::string feed() override {
    log.add("feed");
    return feed_error;
  }
  std::string release() override {
    log.add("release");
    return "";
  }
  Log& log;
  Opened answer{"", 2000ms, true, ""};
  std::string feed_error;
};

class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest() {
    auto made = std::make_unique<Fake>(log);
    device = made.get();
    watchdog.emplace(loop, std::move(made), 2000ms, [this](const std::string& sentence) { said.push_back(sentence); });
  }
  bool until_fed(int more = 1) {
    const int before = log.feeds();
    return loop.run_until([&] { return log.feeds() >= before + more; }, 10'000ms);
  }
  bool until_said(const std::string& words) {
    return loop.run_until(
        [&] { return std::any_of(said.begin(), said.end(), [&](const auto& s) { return s.find(words) != s.npos; }); },
        10'000ms);
  }

  Loop loop;
  Log log;
  Fake* device = nullptr;
  std::vector<std::string> said;
  std::optional<Watchdog> watchdog;
};

TEST_F(WatchdogTest, IsNotTouchedUntilThereIsSomethingToGuard) {
  watchdog->keep();
  watchdog->starve();
  watchdog->release();
  loop.run_until([] { return false; }, 20ms);
  EXPECT_FALSE(watchdog->armed());
  watchdog.reset();
  EXPECT_THAT(log.all(), ElementsAre("gone"));
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(WatchdogTest, IsOpenedFedAndLetGo) {
  watchdog->arm();
  watchdog->arm();
  ASSERT_TRUE(until_fed(2));
  EXPECT_TRUE(watchdog->armed());
  watchdog->release();
  ASSERT_TRUE(until_said("let go"));
  EXPECT_FALSE(watchdog->armed());
  EXPECT_THAT(log.all(), ElementsAre("open 2000", "feed", "release"));
  EXPECT_THAT(said, ElementsAre(HasSubstr("the machine is reset 2 s after it was last fed"), "the watchdog is let go"));
}

TEST_F(WatchdogTest, StarvesWhileTheFenceIsNotProvedAndTheEndOfTheAgentDoesNotSaveTheMachine) {
  watchdog->arm();
  ASSERT_TRUE(until_fed());
  watchdog->starve();
  watchdog->starve();
  const int before = log.feeds();
  loop.run_until([] { return false; }, 1200ms);  // more than two feeds' time
  EXPECT_LE(log.feeds(), before + 1) << "one may have been under way";
  watchdog.reset();
  EXPECT_THAT(log.all(), ElementsAre("open 2000", "feed", "gone"));
  EXPECT_THAT(said.back(), HasSubstr("is reset within 2 s unless PostgreSQL is proved dead before"));
  EXPECT_EQ(said.size(), 2U);
}

TEST_F(WatchdogTest, IsLetGoWhenTheProofComesInTimeAfterAll) {
  watchdog->arm();
  ASSERT_TRUE(until_fed());
  watchdog->starve();
  watchdog->release();
  ASSERT_TRUE(until_said("let go"));
  EXPECT_EQ(log.all().back(), "release");
}

TEST_F(WatchdogTest, IsFedAgainAtOnceWhenTheFenceIsCalledOff) {
  watchdog->arm();
  ASSERT_TRUE(until_fed());
  watchdog->starve();
  watchdog->keep();
  EXPECT_TRUE(until_fed());
  EXPECT_THAT(said.back(), HasSubstr("fed again"));
}

TEST_F(WatchdogTest, IsLetGoAtTheEndOfAnAgentWithoutAnUnprovedFence) {
  watchdog->arm();
  ASSERT_TRUE(until_fed());
  watchdog.reset();
  EXPECT_THAT(log.all(), ElementsAre("open 2000", "feed", "release", "gone"));
}

TEST_F(WatchdogTest, IsLetGoAlsoWhenTheAgentEndsWhileItIsBeingOpened) {
  watchdog->arm();
  watchdog.reset();
  // Whether the worker had begun is its own affair; in no case is it left open.
  EXPECT_THAT(log.all(), testing::AnyOf(ElementsAre("open 2000", "release", "gone"), ElementsAre("release", "gone")));
}

TEST_F(WatchdogTest, ThatCannotBeLetGoIsFedForGood) {
  device->answer.closable = false;
  device->answer.note = "it cannot be let go";
  watchdog->arm();
  ASSERT_TRUE(until_fed());
  watchdog->release();
  EXPECT_TRUE(until_fed(2));
  EXPECT_THAT(log.all(), Not(testing::Contains("release")));
  EXPECT_EQ(said.front(), "it cannot be let go");
}

TEST_F(WatchdogTest, ThatCannotBeOpenedIsToldOnceAndNotTriedInEveryRound) {
  device->answer = {"/dev/watchdog: open: Permission denied", 0ms, true, ""};
  watchdog->arm();
  ASSERT_TRUE(until_said("cannot be used: /dev/watchdog: open: Permission denied"));
  EXPECT_FALSE(watchdog->armed());
  for (int i = 0; i < 5; ++i) watchdog->arm();
  loop.run_until([] { return false; }, 20ms);
  EXPECT_THAT(log.all(), ElementsAre("open 2000"));
  EXPECT_EQ(said.size(), 1U);
}

TEST_F(WatchdogTest, WhoseFoodIsRefusedIsToldOnceAndFedOn) {
  device->feed_error = "write: Input/output error";
  watchdog->arm();
  ASSERT_TRUE(until_fed(3));
  EXPECT_EQ(std::count_if(said.begin(), said.end(), [](const auto& s) { return s.find("cannot be fed") != s.npos; }),
            1);
}

TEST(LinuxWatchdog, SaysWhatIsNone) {
  EXPECT_EQ(linux_watchdog("/nowhere/watchdog")->open(5000ms).error,
            "/nowhere/watchdog: stat: No such file or directory");
  EXPECT_EQ(linux_watchdog("/etc/passwd")->open(5000ms).error, "/etc/passwd: is no device");
  EXPECT_EQ(linux_watchdog("/dev/null")->open(5000ms).error,
            "/dev/null: is no watchdog: WDIOC_GETSUPPORT: Inappropriate ioctl for device");
}

}  // namespace
}  // namespace picket
