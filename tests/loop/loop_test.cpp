#include "loop/loop.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "loop/sources.hpp"
#include "loop/worker.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""ns;

TEST(Timer, FiresOnceAfterItsDelay) {
  Loop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  const Instant begin = boot_now();
  timer.start(30ms);
  EXPECT_TRUE(loop.run_until([&] { return fired > 0; }, 1000ms));
  EXPECT_GE(boot_now() - begin, 29ms);
  loop.run_until([] { return false; }, 60ms);
  EXPECT_EQ(fired, 1);
}

TEST(Timer, MayBeDestroyedInsideItsOwnCallback) {
  Loop loop;
  std::unique_ptr<Timer> timer;
  bool fired = false;
  timer = std::make_unique<Timer>(loop, [&] {
    timer.reset();
    fired = true;
  });
  timer->start(1ms);
  EXPECT_TRUE(loop.run_until([&] { return fired; }, 1000ms));
}

TEST(Loop, HandsAnExceptionOfACallbackToTheCallerOfRun) {
  Loop loop;
  Timer timer(loop, [] { throw std::runtime_error("broken callback"); });
  timer.start(1ms);
  EXPECT_THROW(loop.run(), std::runtime_error);
}

TEST(Loop, KnowsHowLongOneTurnHeldIt) {
  Loop loop;
  Timer slow(loop, [] { std::this_thread::sleep_for(30ms); });
  Timer quick(loop, [&] { loop.exit(7); });
  EXPECT_EQ(loop.longest_hold(), 0ns);
  slow.start(1ms);
  quick.start(400ms);
  EXPECT_EQ(loop.run(), 7);
  EXPECT_GE(loop.longest_hold(), 30ms);
  EXPECT_LT(loop.longest_hold(), 350ms) << "to wait for something is no hold";
}

TEST(LongestHold, IsKeptForAMinuteAndForgottenAfterTwo) {
  using std::chrono::seconds;
  LongestHold hold;
  hold.note(seconds{1000}, seconds{1003});
  hold.note(seconds{1010}, seconds{1011});
  EXPECT_EQ(hold.within_a_minute(seconds{1011}), seconds{3});
  hold.note(seconds{1065}, seconds{1067});
  EXPECT_EQ(hold.within_a_minute(seconds{1070}), seconds{3}) << "of the minute before";
  EXPECT_EQ(hold.within_a_minute(seconds{1130}), seconds{2});
  EXPECT_EQ(hold.within_a_minute(seconds{1500}), seconds{0});
}

TEST(ProcessWatch, TellsTheEndOfAProcessOnce) {
  Loop loop;
  const int pid = fork();
  if (pid == 0) {
    pause();
    _exit(0);
  }
  int ended = 0;
  ProcessWatch watch(loop, pid, [&] { ++ended; });
  kill(pid, SIGKILL);
  EXPECT_TRUE(loop.run_until([&] { return ended > 0; }, 2000ms));
  loop.run_until([] { return false; }, 20ms);
  EXPECT_EQ(ended, 1);
  waitpid(pid, nullptr, 0);
}

TEST(PathWatch, TellsTheNameOfAFileThatAppears) {
  Loop loop;
  const auto folder = std::filesystem::temp_directory_path() / ("picket_loop_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::string seen;
  {
    PathWatch watch(loop, folder, IN_CLOSE_WRITE, [&](uint32_t, const std::string& name) { seen = name; });
    std::ofstream(folder / "standby.signal") << "x";
    EXPECT_TRUE(loop.run_until([&] { return !seen.empty(); }, 1000ms));
  }
  std::filesystem::remove_all(folder);
  EXPECT_EQ(seen, "standby.signal");
}

TEST(PathWatch, SaysWhichPathCannotBeWatched) {
  Loop loop;
  try {
    PathWatch watch(loop, "/nowhere/at/all", IN_CREATE, [](uint32_t, const std::string&) {});
    FAIL() << "watched a path that is not there";
  } catch (const std::system_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("/nowhere/at/all"));
  }
}

TEST(Worker, RunsJobsInOrderAndReportsOnTheLoop) {
  Loop loop;
  Worker worker(loop);
  std::atomic<int> worked = 0;
  std::string order;
  for (char c : {'a', 'b', 'c'}) worker.run([&] { ++worked; }, [&order, c] { order += c; });
  EXPECT_TRUE(loop.run_until([&] { return order.size() == 3; }, 2000ms));
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(worked, 3);
}

TEST(Worker, FinishesWhatHasNotBegunAndWaitsNoLongerThanItIsTold) {
  Loop loop;
  std::atomic<int> worked = 0;
  std::atomic<bool> hangs = true;
  Worker worker(loop);
  worker.run([&] { hangs.wait(true); }, [] {});
  worker.run([&] { ++worked; }, [] {});
  const Instant begin = boot_now();
  worker.finish(50ms);
  EXPECT_GE(boot_now() - begin, 49ms);
  EXPECT_EQ(worked, 0);
  hangs = false;
  hangs.notify_all();
  worker.finish(5000ms);
  EXPECT_EQ(worked, 1);
}

}  // namespace
}  // namespace picket
