#include "postgres/processes.hpp"

#include <gmock/gmock.h>
#include <signal.h>
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
