// The recording read back: every verdict with its reason, what had changed, and whether this version agrees.
#include "flight/history.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "flight/changes.hpp"
#include "flight/flights.hpp"
#include "flight/ring.hpp"
#include "version.hpp"

namespace picket {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string file_of(const std::vector<std::string>& payloads) {
  RingHeader header{.size = 1 << 20, .id = 42};
  std::string file = header.encode();
  file.resize(header.size);
  RingCursor cursor(header, 1);
  for (const auto& payload : payloads)
    for (const auto& write : cursor.add(payload)) file.replace(write.offset, write.bytes.size(), write.bytes);
  return file;
}

/// The recording of a primary whose standbys fall silent: every round in which the verdict became another, the round
/// before it, and a note.
std::vector<FlightRecord> isolated() {
  Watcher w(3);
  std::vector<FlightRecord> records;
  const auto pass = [&](int ticks) {
    for (int i = 0; i < ticks; ++i) {
      const Memory before = w.memory;
      const Verdict verdict = w.verdict;
      w.tick(Millis{250});
      if (verdict == w.verdict) continue;
      records.push_back(record_of(before, w));
      records.back().version = version;
    }
  };
  pass(8);
  w.says(2, Says::silent);
  w.says(3, Says::silent);
  pass(24);
  FlightRecord note;
  note.kind = FlightRecord::Kind::note;
  note.wall_ms = records.back().wall_ms + 800;
  note.version = version;
  note.note = "fence: proved after 800 ms";
  records.push_back(note);
  return records;
}

std::vector<std::string> encoded(const std::vector<FlightRecord>& records) {
  std::vector<std::string> payloads;
  for (const auto& record : records) payloads.push_back(encode(record));
  return payloads;
}

HistoryText text_of(const std::vector<FlightRecord>& records, const HistoryOptions& options = {}) {
  return history_text(read_history(file_of(encoded(records))), options, "flight.rec");
}

class HistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

TEST_F(HistoryTest, TellsEveryVerdictWithItsReasonAndWhatHadChanged) {
  const HistoryText shown = text_of(isolated());
  EXPECT_TRUE(shown.agrees) << shown.text;
  EXPECT_THAT(shown.text, HasSubstr("Sunday 2026-11-22 (+0000)\n"));
  EXPECT_THAT(shown.text, HasSubstr("  R1 primary"));
  EXPECT_THAT(shown.text, HasSubstr("  R5 "));
  EXPECT_THAT(shown.text, HasSubstr("  R4 isolated"));
  EXPECT_THAT(shown.text, HasSubstr("facts:  pg2: session ok -> timed out, silent for"));
  EXPECT_THAT(shown.text, HasSubstr("health page down, Keepalived fault, PostgreSQL stop_now (isolated)"));
  EXPECT_THAT(shown.text, HasSubstr("  -- fence: proved after 800 ms\n"));
  EXPECT_THAT(shown.text, HasSubstr("decided again: the same\n"));
  EXPECT_THAT(shown.text, HasSubstr("decided again, all are the same\n"));
  EXPECT_THAT(shown.text, Not(HasSubstr("!!")));
}

TEST_F(HistoryTest, SaysLoudlyWhereThisVersionWouldDecideOtherwise) {
  std::vector<FlightRecord> records = isolated();
  FlightRecord& last = records[records.size() - 2];
  last.version = "9.9.9";
  last.verdict.rule = Rule::R1;
  last.verdict.sentence = "all is well";
  const HistoryText shown = text_of(records);
  EXPECT_FALSE(shown.agrees);
  EXPECT_THAT(shown.text, HasSubstr("!!          recorded by picket 9.9.9:     R1 all is well"));
  EXPECT_THAT(shown.text, HasSubstr(std::string("!!          this version (") + version + ") decides: R4 isolated"));
  EXPECT_THAT(shown.text, HasSubstr("see the lines with !!"));
}

TEST_F(HistoryTest, ShowsTheLastOrTheYoungOnesOnly) {
  const auto records = isolated();
  HistoryOptions options{.last = 1};
  EXPECT_THAT(text_of(records, options).text, HasSubstr("R4 isolated"));
  EXPECT_THAT(text_of(records, options).text, Not(HasSubstr("R1 ")));
  EXPECT_THAT(text_of(records, options).text, HasSubstr("the older ones: --last 0\n"));
  options = {.since_ms = records.back().wall_ms};
  EXPECT_THAT(text_of(records, options).text, HasSubstr("-- fence: proved"));
  EXPECT_THAT(text_of(records, options).text, Not(HasSubstr("R4 ")));
  options = {.since_ms = records.back().wall_ms + 1};
  EXPECT_THAT(text_of(records, options).text, HasSubstr("the latest entry is of 2026-11-22 "));
  EXPECT_THAT(text_of({}).text, HasSubstr("0 of 0 verdicts shown"));
}

TEST_F(HistoryTest, AsJsonIsOneObjectALine) {
  const HistoryText shown = text_of(isolated(), {.as_json = true});
  std::istringstream lines(shown.text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["sequence"], count + 1);
    EXPECT_TRUE(json["time"].get<std::string>().starts_with("2026-11-22T")) << json["time"];
    EXPECT_EQ(json.contains("replay"), json["record"]["kind"] == "verdict");
    if (json.contains("replay")) {
      EXPECT_TRUE(json["replay"]["agrees"]);
    }
  }
  EXPECT_EQ(count, static_cast<int>(isolated().size()));
}

TEST_F(HistoryTest, NamesAnEntryThatMakesNoSenseAndGoesOnWithTheNext) {
  auto payloads = encoded(isolated());
  payloads.insert(payloads.begin() + 1, "nonsense");
  const History history = read_history(file_of(payloads));
  ASSERT_EQ(history.entries.size(), payloads.size());
  EXPECT_THAT(history.entries[1].error, testing::MatchesRegex("entry 2 at offset [0-9]+: the .*"));
  const HistoryText shown = history_text(history, {}, "flight.rec");
  EXPECT_FALSE(shown.agrees);
  EXPECT_THAT(shown.text, HasSubstr("  !! entry 2 at offset "));
  EXPECT_THAT(shown.text, HasSubstr("R4 isolated"));
}

TEST_F(HistoryTest, LetsNoTextOfAServerReachTheTerminal) {
  auto records = isolated();
  records.back().note = "\x1b[2J gone\r\n";
  EXPECT_THAT(text_of(records).text, HasSubstr("--  [2J gone  \n"));
}

TEST_F(HistoryTest, OfWhatIsNoRecordingSaysSo) { EXPECT_EQ(read_history("abc").error, "is no flight recording"); }

TEST(FactChanges, AreNoneInACalmClusterThoughPositionsAndAgesMove) {
  Watcher w(3);
  w.run(Millis{5000});
  Board before = w.board;
  for (int i = 0; i < 100; ++i) {
    w.facts(1).lsn += 1000;
    w.tick();
    ASSERT_THAT(fact_changes(before, w.board, w.now), IsEmpty());
    before = w.board;
  }
}

TEST(FactChanges, NameTheNodeAndBothValues) {
  Scene scene(3);
  Board after = scene.board;
  after.peers[0].server.facts->role = Role::primary;
  after.peers[0].server.facts->timeline = 2;
  after.postmaster.process = PostmasterFacts::Process::absent;
  after.marker = {.state = MarkerFacts::State::fenced, .reasons = {"stale"}};
  after.disk.standby_signal = true;
  after.keepalived.last_notify = "INSTANCE vip MASTER 100";
  after.peers.pop_back();
  EXPECT_THAT(fact_changes(scene.board, after, scene.now),
              ElementsAre("postmaster: process alive -> absent", "data directory: has standby.signal",
                          "repmgr.nodes: pg3 is gone", "pg2: role standby -> primary", "pg2: timeline 1 -> 2",
                          "Keepalived: says INSTANCE vip MASTER 100", "fence marker: state none -> fenced",
                          "fence marker: reasons none -> stale"));
}

TEST(FactChanges, TellEveryChangeOfAVerdictsFactsAtLeastOnce) {
  // What decides must be seen to change: of two rounds without a change of facts, only the time differs.
  for (uint64_t seed = 20; seed < 24; ++seed) {
    const auto records = night(seed, 200);
    for (size_t i = 1; i < records.size(); ++i) {
      if (!fact_changes(records[i - 1].board, records[i].board, records[i].now).empty()) continue;
      FlightRecord again = records[i];
      again.board.peers = records[i - 1].board.peers;
      const auto& newer = records[i].board.peers;
      for (size_t p = 0; p < newer.size(); ++p) again.board.peers[p].server.session = newer[p].server.session;
      for (size_t p = 0; p < newer.size(); ++p) again.board.peers[p].server.fresh = newer[p].server.fresh;
      for (size_t p = 0; p < newer.size(); ++p) again.board.peers[p].server.facts_asked = newer[p].server.facts_asked;
      for (size_t p = 0; p < newer.size(); ++p)
        if (newer[p].server.facts && newer[p].server.facts->receiver)
          again.board.peers[p].server.facts->receiver->message_age = newer[p].server.facts->receiver->message_age;
      EXPECT_EQ(replay(again).verdict, records[i].verdict) << seed << " " << i;
    }
  }
}

TEST(SecondsText, HasTwoDecimals) {
  EXPECT_EQ(seconds_text(Millis{1250}), "1.25 s");
  EXPECT_EQ(seconds_text(Millis{0}), "0.00 s");
  EXPECT_EQ(seconds_text(Millis{-1500}), "-1.50 s");
  EXPECT_EQ(seconds_text(Millis{59996}), "60.00 s");
}

}  // namespace
}  // namespace picket
