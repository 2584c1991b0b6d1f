#include "fence/marker_store.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using State = MarkerFacts::State;
namespace fs = std::filesystem;

class MarkerStoreTest : public testing::Test {
 protected:
  MarkerStoreTest() {
    std::string pattern = (fs::temp_directory_path() / "picket_marker_XXXXXX").string();
    folder = mkdtemp(pattern.data());
    fs::create_directory(folder / "disk");
    fs::create_directory(folder / "run");
    path = folder / "disk" / "fence.json";
    fallback = folder / "run" / "fence.json";
  }
  ~MarkerStoreTest() override {
    store.reset();
    if (mounted) umount2((folder / "disk").c_str(), MNT_DETACH);
    fs::remove_all(folder);
  }
  void open() {
    store.emplace(loop, worker, path, fallback, [this] { ++changes; });
  }
  bool settled() {
    return loop.run_until([this] { return worker.pending() == 0 && !store->writing(); }, 5000ms);
  }
  bool wait(const std::function<bool()>& done) { return loop.run_until(done, 8000ms); }
  // A mount name space that only this process sees, before the first worker thread begins.
  static void SetUpTestSuite() {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0) << "needs root";
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
  }
  // A file system of its own for the durable place.
  void mount_disk(const char* options) {
    ASSERT_EQ(mount("tmpfs", (folder / "disk").c_str(), "tmpfs", 0, options), 0);
    mounted = true;
  }
  void remount(unsigned long flags) {
    ASSERT_EQ(mount(nullptr, (folder / "disk").c_str(), nullptr, MS_REMOUNT | flags, nullptr), 0);
  }
  static std::string content(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  Loop loop;
  Worker worker{loop};
  fs::path folder, path, fallback;
  std::optional<MarkerStore> store;
  int changes = 0;
  bool mounted = false;
};

TEST_F(MarkerStoreTest, FencesInMemoryAtOnceAndOnDiskSoonAfter) {
  open();
  EXPECT_EQ(store->facts().state, State::none);
  store->add("stale", "node 2 is primary", 4);
  EXPECT_EQ(store->facts().state, State::fenced);
  EXPECT_THAT(store->facts().reasons, ElementsAre("stale"));
  EXPECT_EQ(store->facts().timeline, 4U);
  EXPECT_EQ(changes, 1);
  ASSERT_TRUE(settled());
  EXPECT_EQ(store->trouble(), "");
  EXPECT_EQ(read_marker(path).state, MarkerFile::State::present);
  EXPECT_FALSE(fs::exists(fallback));
  EXPECT_FALSE(fs::exists(path.string() + ".new"));
}

TEST_F(MarkerStoreTest, OutlivesTheAgent) {
  open();
  store->add("stale", "node 2 is primary", 4);
  store->add("operator", "by hand", 4);
  ASSERT_TRUE(settled());
  open();
  EXPECT_EQ(store->facts().state, State::fenced);
  EXPECT_THAT(store->facts().reasons, ElementsAre("stale", "operator"));
}

TEST_F(MarkerStoreTest, ClearingOneReasonLeavesTheOthersAndTheLastOneTakesTheFile) {
  open();
  store->add("stale", "a", 1);
  store->add("operator", "b", 1);
  store->clear("stale");
  EXPECT_THAT(store->facts().reasons, ElementsAre("operator"));
  ASSERT_TRUE(settled());
  EXPECT_THAT(read_marker(path).marker.reasons, testing::SizeIs(1));
  store->clear("hung");
  EXPECT_EQ(store->facts().state, State::fenced);
  store->clear("operator");
  EXPECT_EQ(store->facts().state, State::none);
  ASSERT_TRUE(settled());
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(MarkerStoreTest, TheSameReasonAgainChangesNothingAndWritesNothing) {
  open();
  store->add("stale", "first", 1);
  ASSERT_TRUE(settled());
  const int before = changes;
  store->add("stale", "second", 2);
  EXPECT_FALSE(store->writing());
  EXPECT_EQ(changes, before);
  EXPECT_EQ(store->facts().sentence, "first");
}

TEST_F(MarkerStoreTest, AMalformedFileFencesAndStaysAsItIsUntilEverythingIsCleared) {
  std::ofstream(path) << "{\"schema\":1,\"reas";
  open();
  EXPECT_EQ(store->facts().state, State::malformed);
  EXPECT_THAT(store->facts().why, HasSubstr(path.string() + ": no JSON"));
  store->add("stale", "a", 1);
  store->clear("stale");
  ASSERT_TRUE(settled());
  EXPECT_EQ(store->facts().state, State::malformed);
  EXPECT_EQ(content(path), "{\"schema\":1,\"reas");
  store->clear_all();
  EXPECT_EQ(store->facts().state, State::none);
  ASSERT_TRUE(settled());
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(MarkerStoreTest, AFolderInPlaceOfTheFileIsNotReadAsNoMarker) {
  fs::create_directory(path);
  open();
  EXPECT_EQ(store->facts().state, State::unknown);
  EXPECT_THAT(store->facts().why, HasSubstr("Is a directory"));
}

TEST_F(MarkerStoreTest, GoesToTheFallbackWhenTheDiskIsReadOnlyAndComesBackWhenItIsNot) {
  mount_disk("");
  open();
  remount(MS_RDONLY);
  store->add("stale", "a", 1);
  ASSERT_TRUE(wait([&] { return !store->trouble().empty(); }));
  EXPECT_EQ(store->facts().state, State::fenced);
  EXPECT_THAT(store->trouble(), HasSubstr("Read-only file system"));
  EXPECT_THAT(store->trouble(), HasSubstr("the marker is in " + fallback.string() + " only"));
  EXPECT_EQ(store->facts().why, store->trouble());
  EXPECT_TRUE(store->writing());

  std::optional<MarkerStore> restarted(std::in_place, loop, worker, path, fallback, nullptr);
  EXPECT_EQ(restarted->facts().state, State::fenced) << "forgotten by a restart of the agent";
  restarted.reset();

  remount(0);
  ASSERT_TRUE(wait([&] { return store->trouble().empty(); })) << "never written again";
  EXPECT_EQ(read_marker(path).state, MarkerFile::State::present);
  EXPECT_FALSE(fs::exists(fallback));
  EXPECT_EQ(store->facts().why, "");
}

TEST_F(MarkerStoreTest, GoesToTheFallbackWhenTheDiskIsFullAndLeavesNoHalfAFile) {
  mount_disk("size=64k");
  std::ofstream filler(folder / "disk" / "filler");
  while (filler) filler << std::string(4096, 'x') << std::flush;
  open();
  store->add("stale", "a", 1);
  ASSERT_TRUE(wait([&] { return !store->trouble().empty(); }));
  EXPECT_THAT(store->trouble(), HasSubstr("No space left on device"));
  EXPECT_EQ(read_marker(fallback).state, MarkerFile::State::present);
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(path.string() + ".new"));
}

TEST_F(MarkerStoreTest, HoldsInMemoryWhenNeitherPlaceCanBeWritten) {
  std::ofstream(folder / "file") << "in the way";
  path = folder / "file" / "fence.json";
  fallback = folder / "nowhere" / "fence.json";
  open();
  store->add("stale", "a", 1);
  ASSERT_TRUE(wait([&] { return !store->trouble().empty(); }));
  EXPECT_THAT(store->trouble(), HasSubstr("the marker is in memory only"));
  EXPECT_EQ(store->facts().state, State::fenced);
}

TEST_F(MarkerStoreTest, SaysThatAClearedMarkerIsStillOnAReadOnlyDisk) {
  mount_disk("");
  open();
  store->add("stale", "a", 1);
  ASSERT_TRUE(settled());
  remount(MS_RDONLY);
  store->clear("stale");
  ASSERT_TRUE(wait([&] { return !store->trouble().empty(); }));
  EXPECT_THAT(store->trouble(), HasSubstr("may still fence after a restart"));
  EXPECT_EQ(store->facts().state, State::none);
  store->look_again();
  loop.run_until([] { return false; }, 60ms);
  EXPECT_EQ(store->facts().state, State::none) << "the old file brought the reason back";
}

TEST_F(MarkerStoreTest, ADiskThatHangsStopsNeitherTheLoopNorTheFence) {
  // Opening a FIFO for writing waits until somebody reads: like a file on a dead NFS server.
  const std::string temporary = path.string() + ".new";
  ASSERT_EQ(mkfifo(temporary.c_str(), 0600), 0);
  open();
  store->add("stale", "a", 1);
  EXPECT_EQ(store->facts().state, State::fenced);
  ASSERT_TRUE(wait([&] { return read_marker(fallback).state == MarkerFile::State::present; }));
  store->add("operator", "b", 1);
  EXPECT_THAT(store->facts().reasons, ElementsAre("stale", "operator"));
  EXPECT_TRUE(store->writing());
  const Fd reader{::open(temporary.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  // A FIFO cannot be synchronised, so this write fails; it is removed, and the next one succeeds.
  ASSERT_TRUE(settled());
  EXPECT_THAT(read_marker(path).marker.reasons, testing::SizeIs(2));
}

TEST_F(MarkerStoreTest, TakesUpWhatAnotherProgramWroteButNeverLosesWhatItHolds) {
  open();
  Marker other;
  other.add({"operator", "the start gate refused", "t", 2});
  ASSERT_EQ(write_marker(path, other), "");
  store->look_again();
  ASSERT_TRUE(wait([&] { return store->facts().state == State::fenced; }));
  EXPECT_THAT(store->facts().reasons, ElementsAre("operator"));
  fs::remove(path);
  store->look_again();
  ASSERT_TRUE(wait([&] { return fs::exists(path); })) << "a removed file was taken for an order";
  EXPECT_EQ(store->facts().state, State::fenced);
}

TEST_F(MarkerStoreTest, MayBeDestroyedByItsOwnNewsAndWhileItWrites) {
  store.emplace(loop, worker, path, fallback, [this] { store.reset(); });
  store->add("stale", "a", 1);
  EXPECT_FALSE(store.has_value());
  loop.run_until([this] { return worker.pending() == 0; }, 2000ms);
  loop.run_until([] { return false; }, 20ms);
  EXPECT_EQ(read_marker(path).state, MarkerFile::State::present);
}

TEST_F(MarkerStoreTest, IsWholeWheneverItsWriterIsKilled) {
  // The one before and the one after differ in length by much more than a page.
  Marker small, large;
  small.add({"stale", "s", "t", 1});
  large.add({"stale", std::string(20000, 'l'), "t", 2});
  for (int round = 0; round < 20; ++round) {
    const int writer = fork();
    if (writer == 0) {
      while (true) {
        write_marker(path, small);
        write_marker(path, large);
      }
    }
    const Instant begin = boot_now();
    while (!fs::exists(path) || boot_now() - begin < Millis{round}) {
    }
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    const auto file = read_marker(path);
    ASSERT_EQ(file.state, MarkerFile::State::present) << file.why;
    EXPECT_TRUE(file.marker.reasons == small.reasons || file.marker.reasons == large.reasons);
  }
}

}  // namespace
}  // namespace picket
