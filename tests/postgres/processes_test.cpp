#include "postgres/processes.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "loop/loop.hpp"
#include "postgres/disk_reading.hpp"
#include "postgres/throwaway.hpp"

namespace picket {
namespace {
using test::Throwaway;

TEST(ServerProcesses, AreThePostmasterAndItsChildrenOfThisDirectoryOnly) {
  Throwaway one, other;
  one.start();
  other.start();
  const auto processes = server_processes(one.data());
  ASSERT_TRUE(processes);
  EXPECT_GE(processes->size(), 4u);
  const auto has = [&](pid_t pid) {
    return std::any_of(processes->begin(), processes->end(), [pid](const auto& p) { return p.pid == pid; });
  };
  EXPECT_TRUE(has(one.pid()));
  EXPECT_FALSE(has(other.pid()));
  EXPECT_FALSE(has(getpid()));
  for (const auto& p : *processes) {
    EXPECT_LE(p.started, boot_now());
    EXPECT_GT(p.started, boot_now() - Millis{60'000});
  }
  one.stop();
  EXPECT_THAT(*server_processes(one.data()), testing::IsEmpty());
}

TEST(ServerProcesses, AreNoZombies) {
  Throwaway server;
  server.start();
  kill(server.pid(), SIGKILL);
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(server.pid()), &info, WEXITED | WNOWAIT);  // dead, and not reaped
  EXPECT_EQ(is_server_process(server.pid(), server.data()), IsServer::no);
  server.kill9();
}

// A process that looks like a server of the folder `/proc`, in a PID namespace of its own or not; ends with its object.
struct Impostor {
  explicit Impostor(bool in_container) {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    keeper = fork();
    if (keeper == 0) {
      if (in_container && unshare(CLONE_NEWPID) != 0) _exit(1);
      const pid_t inner = fork();
      if (inner != 0) {
        [[maybe_unused]] auto written = write(ready[1], &inner, sizeof inner);
        waitpid(inner, nullptr, 0);
        _exit(0);
      }
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      prctl(PR_SET_NAME, "postgres");
      if (chdir("/proc") != 0) _exit(1);
      const pid_t looks_right = 0;
      [[maybe_unused]] auto written = write(ready[1], &looks_right, sizeof looks_right);
      pause();
      _exit(0);
    }
    for (pid_t one : {0, 0}) {
      EXPECT_EQ(read(ready[0], &one, sizeof one), static_cast<ssize_t>(sizeof one));
      if (one != 0) pid = one;
    }
    close(ready[0]);
    close(ready[1]);
  }
  ~Impostor() {
    kill(pid, SIGKILL);
    waitpid(keeper, nullptr, 0);
  }
  pid_t keeper = 0, pid = 0;
};

TEST(ServerProcesses, AreNoneOfAContainerWhoseFolderHasTheSamePath) {
  const Impostor here(false), contained(true);
  EXPECT_EQ(is_server_process(here.pid, "/proc"), IsServer::yes);
  EXPECT_EQ(is_server_process(contained.pid, "/proc"), IsServer::no);
}

TEST(EffectiveUser, IsTheSecondOfTheFour) {
  EXPECT_EQ(effective_user_in("Name:\tpostgres\nUid:\t105\t106\t107\t108\nGid:\t1\t2\t3\t4\n"), uid_t{106});
  for (const char* text : {"", "Name:\tUid:\t1\t2\n", "Name:\tx\nUid:\t105\n", "Name:\tx\nUid:\tx\ty\n"})
    EXPECT_FALSE(effective_user_in(text)) << text;
}

// What may not be examined could be a server of ours, unless it is another user's and the owner of the data is known.
TEST(ServerProcesses, OfAnotherUserAreNoneWhereTheOwnerOfTheDataIsKnown) {
  const Impostor hidden(false);
  const uid_t root = 0, somebody = 65533;
  const int child = fork();
  if (child == 0) {
    if (setuid(65534) != 0) _exit(9);
    const bool right = is_server_process(hidden.pid, "/proc") == IsServer::unknown &&
                       is_server_process(hidden.pid, "/proc", root) == IsServer::unknown &&
                       is_server_process(hidden.pid, "/proc", somebody) == IsServer::no;
    _exit(right ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(is_server_process(hidden.pid, "/proc", somebody), IsServer::yes) << "who is examined needs no guess";
}

TEST(ServerProcesses, AreNotWhoeverHasOneOfTheirNumbers) {
  EXPECT_EQ(is_server_process(getpid(), "/"), IsServer::no);
  EXPECT_EQ(is_server_process(1 << 30, "/"), IsServer::no);
}

TEST(SharedMemory, IsAttachedWhileTheServerRunsAndGoneAfterwards) {
  Throwaway server;
  server.start();
  const auto reading = read_data_directory(server.data());
  ASSERT_TRUE(reading.pid_file) << reading.pid_file_error;
  const int segment = reading.pid_file->shm_id;
  EXPECT_GE(shared_memory_attached(segment), 2);
  server.stop();
  EXPECT_EQ(shared_memory_attached(segment), 0);
}

}  // namespace
}  // namespace picket
