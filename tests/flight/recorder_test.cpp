// The recorder of the daemon: writes when something happens, never keeps the loop waiting, and its file outlives a
// crash.
#include "flight/recorder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "flight/flights.hpp"
#include "flight/history.hpp"
#include "flight/ring_file.hpp"

namespace picket {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Millis limit{10'000};

class Flight : public testing::Test {
 protected:
  Flight() {
    std::string name = "/tmp/picket-flight-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~Flight() override { fs::remove_all(folder_); }

  std::string path() const { return folder_ / "flight.rec"; }
  std::vector<RingEntry> entries() const { return read_ring(read_ring_file(path()).value_or("")).entries; }
  History history() const { return read_history(read_ring_file(path()).value_or("")); }
  bool until(size_t count) {
    return loop_.run_until([&] { return entries().size() >= count; }, limit);
  }
  /// One round of an agent, seen by the recorder.
  void tick(FlightRecorder& recorder) {
    const Memory before = w_.memory;
    const Verdict verdict = w_.verdict;
    const bool first = w_.lines.empty();
    w_.tick();
    recorder.decided(before, w_.board, w_.now, w_.policy, w_.verdict, first || !(verdict == w_.verdict));
  }
  void run(FlightRecorder& recorder, int ticks) {
    for (int i = 0; i < ticks; ++i) tick(recorder);
  }

  Loop loop_;
  Watcher w_{3};
  fs::path folder_;
};

constexpr uint64_t size = RingFile::least;

TEST_F(Flight, RecordsTheBeginAndEachVerdictWithWhatLedToIt) {
  FlightRecorder recorder(loop_, path(), size);
  run(recorder, 20);
  w_.says(2, Says::silent);
  w_.says(3, Says::silent);
  run(recorder, 24);
  ASSERT_EQ(w_.verdict.rule, Rule::R4);
  recorder.note("fence: proved", w_.now);
  ASSERT_TRUE(loop_.run_until(
      [&] { return !entries().empty() && history().entries.back().record->note == "fence: proved"; }, limit));
  std::vector<std::string> told;
  for (const auto& entry : history().entries) {
    ASSERT_TRUE(entry.record) << entry.error;
    if (entry.again) {
      EXPECT_TRUE(entry.again->agrees);
    }
    const auto& r = *entry.record;
    if (r.kind == FlightRecord::Kind::verdict && r.verdict.rule != Rule::R16)
      told.push_back(std::string(word(r.verdict.rule)));
    if (r.kind == FlightRecord::Kind::facts) told.push_back(entry.changes.front());
  }
  told.erase(std::unique(told.begin(), told.end()), told.end());
  EXPECT_THAT(told, testing::Contains("R1"));
  EXPECT_THAT(told, testing::Contains(HasSubstr("timed out")));
  EXPECT_EQ(told.back(), "R4");
  EXPECT_THAT(recorder.problems(), IsEmpty());
  struct stat info {};
  stat(path().c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  EXPECT_EQ(info.st_size, static_cast<off_t>(size));
}

TEST_F(Flight, KeepsTheOrderOfTimeThoughANoteIsWrittenAtOnce) {
  FlightRecorder recorder(loop_, path(), size);
  run(recorder, 20);
  w_.says(2, Says::refused);
  run(recorder, 4);  // a fact has changed, the verdict has not
  ASSERT_EQ(w_.verdict.rule, Rule::R1);
  recorder.note("said", w_.now);
  ASSERT_TRUE(
      loop_.run_until([&] { return !entries().empty() && history().entries.back().record->note == "said"; }, limit));
  const History told = history();
  const auto& before = told.entries[told.entries.size() - 2];
  EXPECT_EQ(before.record->kind, FlightRecord::Kind::facts);
  EXPECT_THAT(before.changes.front(), testing::StartsWith("pg2: "));
}

TEST_F(Flight, WritesNothingWhileNothingHappens) {
  FlightRecorder recorder(loop_, path(), size);
  run(recorder, 40);
  recorder.note("calm", w_.now);
  const auto noted = [&](const std::string& note) {
    return loop_.run_until([&] { return !entries().empty() && history().entries.back().record->note == note; }, limit);
  };
  ASSERT_TRUE(noted("calm"));
  const size_t before = entries().size();
  for (int i = 0; i < 2000; ++i) {
    w_.facts(1).lsn += 100;
    tick(recorder);
  }
  recorder.note("calm still", w_.now);
  ASSERT_TRUE(noted("calm still"));
  EXPECT_EQ(entries().size(), before + 1);
}

TEST_F(Flight, GoesOnInTheSameFileAfterARestart) {
  for (int life = 1; life <= 3; ++life) {
    FlightRecorder recorder(loop_, path(), size);
    recorder.note("life " + std::to_string(life), w_.now);
    ASSERT_TRUE(until(static_cast<size_t>(2 * life)));
  }
  std::vector<std::string> notes;
  for (const auto& entry : history().entries) notes.push_back(entry.record->note);
  const std::string started = notes.empty() ? "" : notes.front();
  EXPECT_THAT(started, HasSubstr("started"));
  EXPECT_THAT(notes, ElementsAre(started, "life 1", started, "life 2", started, "life 3"));
}

TEST_F(Flight, DoesNotLetAVerdictThatFlapsPushTheNightOut) {
  FlightRecorder recorder(loop_, path(), size);
  run(recorder, 8);
  Verdict flapping = w_.verdict;
  for (int i = 0; i < 5000; ++i) {
    flapping.sentence = i % 2 ? "this" : "that";
    recorder.decided(w_.memory, w_.board, w_.now, w_.policy, flapping, true);
    loop_.run_until([] { return true; }, Millis{0});
  }
  flapping.action = Action::stop_now;
  ASSERT_TRUE(loop_.run_until(
      [&] {
        recorder.decided(w_.memory, w_.board, w_.now, w_.policy, flapping, true);
        return !entries().empty() && history().entries.back().record->verdict.action == Action::stop_now;
      },
      limit))
      << "a stop is always written";
  EXPECT_LE(entries().size(), 200u);
  EXPECT_EQ(entries().front().sequence, 1u);
  uint64_t dropped = 0;
  for (const auto& entry : history().entries) dropped += entry.record->dropped;
  EXPECT_GE(dropped, 4800u);
}

TEST_F(Flight, SetsAForeignFileAsideAndSaysSo) {
  std::ofstream(path()) << "somebody's notes";
  {
    FlightRecorder recorder(loop_, path(), size);
    ASSERT_TRUE(loop_.run_until([&] { return !recorder.problems().empty(); }, limit));
    EXPECT_THAT(recorder.problems().front(), HasSubstr("is no flight recording; it is now " + path() + ".bad,"));
  }
  std::string kept;
  std::getline(std::ifstream(path() + ".bad"), kept);
  EXPECT_EQ(kept, "somebody's notes");
  EXPECT_EQ(entries().size(), 1u);

  std::ofstream(path()) << "and more of them";
  { const FlightRecorder recorder(loop_, path(), size); }
  EXPECT_TRUE(fs::exists(path() + ".bad1"));
  std::getline(std::ifstream(path() + ".bad"), kept);
  EXPECT_EQ(kept, "somebody's notes") << "never overwritten";
}

TEST_F(Flight, KeepsTheNewestWhenItsSizeIsConfiguredAnew) {
  {
    FlightRecorder recorder(loop_, path(), 4 * size);
    for (int i = 1; i <= 90; ++i) {
      recorder.note(std::to_string(i) + std::string(4000, '.'), w_.now);
      ASSERT_TRUE(until(static_cast<size_t>(i)));
    }
    ASSERT_TRUE(until(91));
  }
  { const FlightRecorder recorder(loop_, path(), size); }
  EXPECT_EQ(fs::file_size(path()), size);
  const History smaller = history();
  EXPECT_EQ(smaller.entries.back().sequence, 92u);
  EXPECT_TRUE(smaller.entries[smaller.entries.size() - 2].record->note.starts_with("90."));
  EXPECT_GT(smaller.entries.size(), 20u);
  EXPECT_EQ(smaller.damaged, 0u);
  { const FlightRecorder recorder(loop_, path(), 2 * size); }
  EXPECT_EQ(history().entries.size(), smaller.entries.size() + 1);
}

TEST_F(Flight, ThatCannotBeWrittenIsAReasonAndNoMore) {
  FlightRecorder recorder(loop_, folder_ / "nowhere/flight.rec", size);
  run(recorder, 20);
  ASSERT_TRUE(loop_.run_until([&] { return !recorder.problems().empty(); }, limit));
  EXPECT_THAT(recorder.problems(), ElementsAre("flight recorder: " + (folder_ / "nowhere/flight.rec.new").string() +
                                               ": No such file or directory"));
}

TEST_F(Flight, ThatSomebodyRemovesBeginsAnew) {
  FlightRecorder recorder(loop_, path(), size);
  ASSERT_TRUE(until(1));
  fs::remove(path());
  recorder.note("after that", w_.now);
  ASSERT_TRUE(until(1));
  EXPECT_EQ(history().entries.front().record->note, "after that");
}

TEST_F(Flight, IsOffWhenItsSizeIsNought) {
  FlightRecorder recorder(loop_, path(), 0);
  run(recorder, 20);
  recorder.note("unheard", w_.now);
  EXPECT_THAT(recorder.problems(), IsEmpty());
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(Flight, OfALinkOrAFolderInItsPlaceSetsThatAsideToo) {
  fs::create_directory(path());
  { const FlightRecorder recorder(loop_, path(), size); }
  EXPECT_TRUE(fs::is_directory(path() + ".bad"));
  EXPECT_EQ(entries().size(), 1u);
  fs::remove(path());
  fs::create_symlink("/etc/hostname", path());
  { const FlightRecorder recorder(loop_, path(), size); }
  EXPECT_TRUE(fs::is_symlink(path() + ".bad1"));
  EXPECT_EQ(entries().size(), 1u);
}

}  // namespace
}  // namespace picket
