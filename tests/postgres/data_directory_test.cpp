#include "postgres/data_directory.hpp"

#include <gmock/gmock.h>
#include <libpq-fe.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include "postgres/throwaway.hpp"

namespace picket {
namespace {
namespace fs = std::filesystem;
using Process = PostmasterFacts::Process;
using test::Throwaway;
using testing::HasSubstr;

struct Watching {
  explicit Watching(const std::string& path)
      : directory(loop, worker, path, [this] {
          ++told;
          most_survivors = std::max(most_survivors, directory.postmaster().survivors);
          told_its_end |= postmaster().ended && postmaster().process == Process::alive;
        }) {}
  bool until(const std::function<bool()>& done, Millis limit = Millis{5000}) { return loop.run_until(done, limit); }
  bool until_process(Process process, Millis limit = Millis{5000}) {
    return until([&] { return postmaster().process == process; }, limit);
  }
  const PostmasterFacts& postmaster() const { return directory.postmaster(); }
  Loop loop;
  Worker worker{loop};
  int told = 0;
  int most_survivors = 0;
  bool told_its_end = false;
  DataDirectory directory;
};

TEST(DataDirectory, OfARunningServerShowsItsPostmasterAndItsDisk) {
  Throwaway server;
  server.start();
  Watching watching(server.data());
  EXPECT_EQ(watching.postmaster().process, Process::unknown);
  EXPECT_EQ(watching.postmaster().why_unknown, "not looked yet");
  ASSERT_TRUE(watching.until_process(Process::alive)) << watching.postmaster().why_unknown;
  EXPECT_EQ(watching.postmaster().pid, server.pid());
  EXPECT_EQ(watching.postmaster().status, "ready");
  EXPECT_EQ(watching.directory.pid_file()->port, server.port());
  const auto& disk = watching.directory.disk();
  ASSERT_TRUE(disk.known) << disk.why_unknown;
  EXPECT_EQ(disk.control_state, "in production");
  EXPECT_EQ(std::to_string(disk.system_identifier), server.sql("SELECT system_identifier FROM pg_control_system()"));
  EXPECT_FALSE(disk.standby_signal);
}

TEST(DataDirectory, ThroughASymbolicLinkIsTheSame) {
  Throwaway server;
  server.start();
  const std::string link = server.folder() + "/link";
  fs::create_directory_symlink(server.data(), link);
  Watching watching(link);
  EXPECT_TRUE(watching.until_process(Process::alive)) << watching.postmaster().why_unknown;
}

TEST(DataDirectory, ShowsAKilledPostmasterAtOnce) {
  Throwaway server;
  server.start();
  Watching watching(server.data());
  ASSERT_TRUE(watching.until_process(Process::alive));
  const Instant begin = boot_now();
  server.kill9();
  ASSERT_TRUE(watching.until_process(Process::absent));
  EXPECT_LT(boot_now() - begin, Millis{100});
  EXPECT_TRUE(watching.told_its_end) << "before it was known what it left";
  EXPECT_FALSE(watching.postmaster().ended);
  RecordProperty("seen_after_ms", std::to_string((boot_now() - begin).count()));
  EXPECT_TRUE(fs::exists(server.data() + "/postmaster.pid")) << "its file stays, and names nobody";
  EXPECT_TRUE(watching.postmaster().left_pid_file) << "it could not tidy up";
  EXPECT_TRUE(watching.until([&] { return watching.postmaster().survivors == 0; }));
  watching.loop.run_until([] { return false; }, Millis{1200});
  EXPECT_EQ(watching.postmaster().process, Process::absent);
}

TEST(DataDirectory, TellsAShutdownOfAnyModeFromACrash) {
  for (const char* mode : {"fast", "immediate"}) {
    Throwaway server;
    server.start();
    Watching watching(server.data());
    ASSERT_TRUE(watching.until_process(Process::alive));
    server.stop(mode);
    ASSERT_TRUE(watching.until_process(Process::absent));
    EXPECT_FALSE(watching.until([&] { return watching.postmaster().left_pid_file; }, Millis{300})) << mode;
  }
}

TEST(DataDirectory, CountsTheBackendsThatOutliveTheirPostmaster) {
  Throwaway server;
  server.start();
  Watching watching(server.data());
  ASSERT_TRUE(watching.until_process(Process::alive));
  const std::unique_ptr<PGconn, void (*)(PGconn*)> busy{PQconnectdb(server.conninfo().c_str()), PQfinish};
  ASSERT_EQ(PQsendQuery(busy.get(), "DO 'BEGIN LOOP PERFORM 1; END LOOP; END'"), 1);
  const pid_t backend = PQbackendPID(busy.get());
  ASSERT_TRUE(watching.until([&] {
    return server.sql("SELECT state FROM pg_stat_activity WHERE pid = " + std::to_string(backend)) == "active";
  }));
  server.kill9();
  ASSERT_TRUE(watching.until_process(Process::absent));
  EXPECT_GE(watching.postmaster().survivors, 1) << "told together with the death";
  EXPECT_TRUE(watching.until([&] { return watching.postmaster().survivors == 1; }));
  kill(backend, SIGKILL);
  EXPECT_TRUE(watching.until([&] { return watching.postmaster().survivors == 0; }));
}

TEST(DataDirectory, ShowsAStopAndTheNextStart) {
  Throwaway server;
  server.start();
  Watching watching(server.data());
  ASSERT_TRUE(watching.until_process(Process::alive));
  const std::unique_ptr<PGconn, void (*)(PGconn*)> client{PQconnectdb(server.conninfo().c_str()), PQfinish};
  kill(server.pid(), SIGTERM);  // smart: waits for the client
  EXPECT_TRUE(watching.until([&] { return watching.postmaster().status == "stopping"; }, Millis{900}));
  server.stop("fast");
  ASSERT_TRUE(watching.until_process(Process::absent, Millis{900}));
  EXPECT_TRUE(watching.until([&] { return watching.directory.disk().control_state == "shut down"; }));
  EXPECT_EQ(watching.postmaster().survivors, 0);
  server.start_only();
  ASSERT_TRUE(watching.until_process(Process::alive, Millis{900}));
  EXPECT_EQ(watching.postmaster().pid, server.pid());
  EXPECT_TRUE(watching.until([&] { return watching.postmaster().status == "ready"; }, Millis{900}));
  EXPECT_EQ(watching.most_survivors, 0) << "neither who is just ending nor who is just starting is a survivor";
}

TEST(DataDirectory, ShowsThePromotionOnDiskAtOnce) {
  Throwaway primary;
  primary.start();
  const auto standby = primary.make_standby();
  standby->start();
  standby->wait_streaming();
  Watching watching(standby->data());
  ASSERT_TRUE(watching.until([&] { return watching.directory.disk().standby_signal; }));
  const int before = watching.told;
  standby->promote();
  EXPECT_TRUE(watching.until([&] { return watching.told > before; }, Millis{200})) << "a hint before the fact";
  EXPECT_TRUE(watching.until([&] { return !watching.directory.disk().standby_signal; }));
}

TEST(DataDirectory, ThatDoesNotExistIsUnknownUntilItAppears) {
  Throwaway server;
  const std::string away = server.folder() + "/away";
  fs::rename(server.data(), away);
  Watching watching(server.data());
  ASSERT_TRUE(watching.until([&] { return watching.told > 0; }));
  EXPECT_EQ(watching.postmaster().process, Process::unknown);
  EXPECT_THAT(watching.postmaster().why_unknown, HasSubstr("No such file"));
  EXPECT_FALSE(watching.directory.disk().known);
  EXPECT_THAT(watching.directory.disk().why_unknown, HasSubstr("No such file"));
  fs::rename(away, server.data());
  EXPECT_TRUE(watching.until_process(Process::absent, Millis{3000}));
  EXPECT_TRUE(watching.directory.disk().known);
  fs::rename(server.data(), away);
  EXPECT_TRUE(watching.until_process(Process::unknown, Millis{500})) << "inotify tells that it went";
}

TEST(DataDirectory, DoesNotTakeAStrangerForThePostmaster) {
  Throwaway server;
  std::ofstream(server.data() + "/postmaster.pid") << getpid() << "\n" << server.data() << "\n1\n5432\n\n\n";
  Watching watching(server.data());
  EXPECT_TRUE(watching.until_process(Process::absent)) << watching.postmaster().why_unknown;
}

TEST(DataDirectory, WithAPidFileThatMakesNoSenseDoesNotGuess) {
  Throwaway server;
  std::ofstream(server.data() + "/postmaster.pid") << "nonsense\n";
  Watching watching(server.data());
  ASSERT_TRUE(watching.until([&] { return watching.told > 0; }));
  EXPECT_EQ(watching.postmaster().process, Process::unknown);
  EXPECT_THAT(watching.postmaster().why_unknown, HasSubstr("postmaster.pid:1"));
  EXPECT_TRUE(watching.directory.disk().known) << "the rest can be read";
  std::ofstream(server.data() + "/postmaster.pid").close();
  EXPECT_TRUE(watching.until([&] { return watching.postmaster().why_unknown == "postmaster.pid is empty"; }));
}

TEST(DataDirectory, WithABrokenControlFileSaysSo) {
  Throwaway server;
  std::ofstream(server.data() + "/global/pg_control", std::ios::in | std::ios::out) << "broken";
  Watching watching(server.data());
  ASSERT_TRUE(watching.until_process(Process::absent));
  EXPECT_FALSE(watching.directory.disk().known);
  EXPECT_THAT(watching.directory.disk().why_unknown, HasSubstr("pg_control"));
}

// A disk that hangs keeps the worker: simulated by a job that does not return.
TEST(DataDirectory, ThatDoesNotAnswerIsUnknownWhileThePostmasterIsStillWatched) {
  Throwaway server;
  server.start();
  Watching watching(server.data());
  ASSERT_TRUE(watching.until_process(Process::alive));
  std::atomic<bool> release = false;
  watching.worker.run([&] { release.wait(false); }, [] {});
  ASSERT_TRUE(watching.until([&] { return !watching.directory.disk().known; }));
  EXPECT_EQ(watching.directory.disk().why_unknown, "the data directory does not answer");
  EXPECT_EQ(watching.postmaster().process, Process::alive) << "its pidfd needs no disk";
  EXPECT_EQ(watching.postmaster().status, "");
  server.kill9();
  EXPECT_TRUE(watching.until([&] { return watching.told_its_end; }, Millis{100}));
  EXPECT_TRUE(watching.until_process(Process::absent, DataDirectory::ended_for + Millis{200}));
  EXPECT_GE(watching.postmaster().survivors, 0) << "looked for without the disk";
  release = true;
  release.notify_all();
  EXPECT_TRUE(watching.until([&] { return watching.directory.disk().known; }));
  EXPECT_EQ(watching.postmaster().process, Process::absent);
}

TEST(DataDirectory, MayBeDestroyedInsideItsCallback) {
  Throwaway server;
  server.start();
  Loop loop;
  Worker worker(loop);
  std::unique_ptr<DataDirectory> directory;
  bool gone = false;
  directory = std::make_unique<DataDirectory>(loop, worker, server.data(), [&] {
    directory.reset();
    gone = true;
  });
  EXPECT_TRUE(loop.run_until([&] { return gone; }, Millis{2000}));
  bool after = false;
  worker.run([] {}, [&] { after = true; });
  EXPECT_TRUE(loop.run_until([&] { return after; }, Millis{2000}));
}

}  // namespace
}  // namespace picket
