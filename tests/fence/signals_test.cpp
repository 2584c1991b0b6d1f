#include "fence/signals.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "fence/server.hpp"

namespace picket {
namespace {
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ParentInStat, IsFoundBehindANameWithSpacesAndParentheses) {
  EXPECT_EQ(parent_in_stat("4711 (postgres) S 42 4711 4711 0 -1"), 42);
  EXPECT_EQ(parent_in_stat("4711 (a) S 1 (b) R 43 1 1"), 43);
  EXPECT_EQ(parent_in_stat(""), 0);
  EXPECT_EQ(parent_in_stat("4711 (postgres)"), 0);
}

// A process in the data directory that is no server: an operator's shell.
class Bystander {
 public:
  explicit Bystander(const std::string& folder) : pid_(fork()) {
    if (pid_ == 0) {
      if (chdir(folder.c_str()) == 0) execlp("sleep", "sleep", "60", nullptr);
      _exit(127);
    }
  }
  ~Bystander() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  bool lives() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }
  int pid() const { return pid_; }

 private:
  int pid_;
};

TEST(SignalServers, NeverHitsANumberThatBelongsToAnotherProcessNow) {
  test::Throwaway server;
  server.start();
  const auto target = test::target_of(server);
  const Bystander in_the_folder(target.data_directory), elsewhere("/");
  test::Throwaway other;
  other.start();
  const std::vector<ServerProcess> wrong{{in_the_folder.pid(), {}}, {elsewhere.pid(), {}}, {other.pid(), {}}, {1, {}}};
  EXPECT_EQ(signal_servers(target.data_directory, wrong, SIGKILL), "");
  EXPECT_TRUE(in_the_folder.lives());
  EXPECT_TRUE(elsewhere.lives());
  EXPECT_EQ(other.sql("SELECT 1"), "1");
}

TEST(SignalServers, SaysToWhomItWasSent) {
  test::Throwaway server;
  server.start();
  const auto target = test::target_of(server);
  const auto processes = server_processes(target.data_directory);
  ASSERT_TRUE(processes);
  const auto roots = without_parents(*processes);
  ASSERT_EQ(roots.size(), 1U);
  EXPECT_EQ(roots[0].pid, server.pid());
  EXPECT_EQ(parents_first(*processes).front().pid, server.pid());
  EXPECT_THAT(orphans(*processes), IsEmpty()) << "a living server has none";
  EXPECT_EQ(signal_servers(target.data_directory, roots, SIGHUP), "sent to " + std::to_string(server.pid()));
}

TEST(Orphans, AreTheBackendsThatOutlivedTheirPostmaster) {
  test::Throwaway server;
  server.start();
  const auto target = test::target_of(server);
  test::EndlessCommitter committer(server);
  server.kill9();
  const auto left = orphans(server_processes(target.data_directory).value());
  const auto is_committer = [&](const ServerProcess& process) { return process.pid == committer.backend(); };
  EXPECT_TRUE(std::any_of(left.begin(), left.end(), is_committer));
  kill(committer.backend(), SIGKILL);
}

}  // namespace
}  // namespace picket
