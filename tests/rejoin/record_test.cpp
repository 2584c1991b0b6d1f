// The files of the way back: its record, its request and its lock.
#include "rejoin/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "agent/programs.hpp"

namespace picket::test {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

TEST(RejoinRecord, IsReadAsItWasWrittenAndNonsenseIsNone) {
  const Folder folder;
  const std::string path = folder / "rejoin.json";
  RejoinRecord record;
  record.state = RejoinRecord::State::running;
  record.by = "uid 0";
  record.began = "then";
  record.sentence = "a name that is no UTF-8: \xff";
  record.steps = {"one", "two"};
  record.timeline = 7;
  record.fork = 0x16B374D848;
  record.rewinding = true;
  record.aside = "/data.before-rejoin-1";
  EXPECT_EQ(write_rejoin_record(path, record), "");
  const auto read = read_rejoin_record(path);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->steps, ElementsAre("one", "two"));
  EXPECT_EQ(read->fork, record.fork);
  EXPECT_EQ(read->timeline, 7u);
  EXPECT_TRUE(read->rewinding);
  EXPECT_EQ(read->aside, record.aside);
  EXPECT_THAT(rejoin_sentence(*read, true), HasSubstr("running since then (uid 0): a name"));
  EXPECT_THAT(rejoin_sentence(*read, false), HasSubstr("broken off, begun then"));
  for (const char* text : {"", "[]", "{\"state\":\"done\"}", "{\"state\":7}", "not json"}) {
    write_text(path, text);
    EXPECT_FALSE(read_rejoin_record(path)) << text;
    EXPECT_FALSE(take_rejoin_request(path)) << text;
    EXPECT_EQ(read_text(path), "") << "an order that makes no sense does not stay";
  }
  EXPECT_THAT(write_rejoin_record("/nowhere/rejoin.json", record), HasSubstr("/nowhere/rejoin.json.new: open: "));
}

TEST(RejoinRecord, KnowsHalfRewoundDataByTheirTimeline) {
  RejoinRecord record;
  record.rewinding = true;
  record.timeline = 3;
  DiskFacts disk;
  disk.known = true;
  disk.checkpoint_timeline = 2;
  disk.recovery_timeline = 3;
  EXPECT_TRUE(half_rewound(record, disk));
  disk.checkpoint_timeline = 4;
  EXPECT_FALSE(half_rewound(record, disk)) << "a copy that somebody made since";
  disk.checkpoint_timeline = 3;
  record.rewinding = false;
  EXPECT_FALSE(half_rewound(record, disk));
}

TEST(RejoinLock, IsHeldByOneAndLookersAreInNobodysWay) {
  const Folder folder;
  EXPECT_FALSE(rejoin_runs(folder.path()));
  std::atomic<bool> enough = false;
  std::atomic<int> looks = 0;
  const std::jthread looker([&] {
    for (; !enough; ++looks) rejoin_runs(folder.path());
  });
  while (looks < 2000) EXPECT_TRUE(lock_rejoin(folder.path())) << looks;
  enough = true;
  const Fd job = lock_rejoin(folder.path());
  EXPECT_TRUE(rejoin_runs(folder.path()));
  EXPECT_FALSE(lock_rejoin(folder.path())) << "another one is under way";
}

}  // namespace
}  // namespace picket::test
