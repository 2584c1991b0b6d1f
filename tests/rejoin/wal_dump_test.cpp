#include "rejoin/wal_dump.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace picket {
namespace {

// As PostgreSQL 15 prints them.
constexpr const char* commit =
    "rmgr: Transaction len (rec/tot):     34/    34, tx:        735, lsn: 0/00824480, prev 0/00824440, desc: COMMIT "
    "2026-11-22 00:59:04.892478 UTC";
constexpr const char* insert =
    "rmgr: Heap        len (rec/tot):     59/  8123, tx:        736, lsn: 1A/008244A8, prev 0/00824480, desc: INSERT "
    "off 100 flags 0x00, blkref #0: rel 1663/5/16445 blk 4 FPW";

TEST(WalDump, ACommitIsRecognizedWithItsTime) {
  const auto record = parse_wal_line(commit);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->lsn, Lsn{0x824480});
  EXPECT_EQ(record->length, 34u);
  EXPECT_EQ(record->transaction, 735u);
  EXPECT_TRUE(record->commit);
  EXPECT_EQ(record->committed_at, "2026-11-22 00:59:04.892478 UTC");
}

TEST(WalDump, AnythingElseIsARecordToo) {
  const auto record = parse_wal_line(insert);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->lsn, Lsn{0x1A008244A8});
  EXPECT_EQ(record->length, 8123u);
  EXPECT_FALSE(record->commit);
}

TEST(WalDump, AnAbortIsNoCommitAndAPreparedOneIs) {
  std::string line = commit;
  line.replace(line.find("COMMIT"), 6, "ABORT");
  EXPECT_FALSE(parse_wal_line(line)->commit);
  line = commit;
  line.replace(line.find("COMMIT"), 6, "COMMIT_PREPARED 736:");
  EXPECT_TRUE(parse_wal_line(line)->commit);
  EXPECT_EQ(parse_wal_line(line)->committed_at, "2026-11-22 00:59:04.892478 UTC");
}

TEST(WalDump, ATimeEndsWhereTheRestBegins) {
  const auto record = parse_wal_line(std::string(commit) + "; inval msgs: catcache 7");
  EXPECT_EQ(record->committed_at, "2026-11-22 00:59:04.892478 UTC");
}

TEST(WalDump, OtherLinesAreNone) {
  for (const char* line :
       {"", "first record is after 0/1, at 0/28, skipping over 39 bytes", "rmgr: Heap", "rmgr: x, tx: 1, lsn: 0/1",
        "rmgr: Heap len (rec/tot): x/y, tx: 1, lsn: 0/1, desc: z", "rmgr: Heap len (rec/tot): 1/1, tx: 1, lsn: 0-1"})
    EXPECT_FALSE(parse_wal_line(line)) << line;
}

TEST(WalTail, CountsCommitsAndMeasuresFromTheFork) {
  WalTail tail;
  EXPECT_EQ(tail.bytes_from(0x100), 0u);
  tail.add(*parse_wal_line(commit));
  WalRecord other;
  other.lsn = 0x8244A8;
  other.length = 59;
  tail.add(other);
  EXPECT_EQ(tail.records, 2u);
  EXPECT_EQ(tail.commits, 1u);
  EXPECT_EQ(tail.end, Lsn{0x8244E8}) << "records begin at multiples of eight";
  EXPECT_EQ(tail.bytes_from(0x824480), 0x68u);
  EXPECT_EQ(tail.first_commit, tail.last_commit);
}

TEST(WalDump, ARecordThatCrossesPagesEndsBehindTheirHeaders) {
  constexpr uint32_t mb16 = 16 << 20;
  WalRecord record;
  record.lsn = 0x2001000;
  record.length = 0x1000;
  EXPECT_EQ(end_of(record, mb16), Lsn{0x2002000}) << "it fills its page";
  record.length = 0x1000 + 8;
  EXPECT_EQ(end_of(record, mb16), Lsn{0x2002000 + 24 + 8});
  record.length = 0x1000 + (8192 - 24) + 8;
  EXPECT_EQ(end_of(record, mb16), Lsn{0x2004000 + 24 + 8});
  record.lsn = 0x2FFFF00;
  record.length = 0x100 + 8;
  EXPECT_EQ(end_of(record, mb16), Lsn{0x3000000 + 40 + 8});
}

TEST(WalSegments, BehindTheEndAreRecycledOnesAndNotMeant) {
  EXPECT_THAT(segments_between({segment_name(1, 7, 16 << 20), segment_name(1, 8, 16 << 20)}, 1, 7, 7, 16 << 20),
              testing::ElementsAre("000000010000000000000007"));
  EXPECT_EQ(segment_name(26, 4097, 1 << 20), "0000001A0000000100000001");
}

TEST(WalSegments, AreThoseOfTheTimelineFromTheForkOn) {
  constexpr uint32_t mb16 = 16 << 20;
  EXPECT_EQ(segment_of(0x1FFFFFF, mb16), 1u);
  EXPECT_EQ(segment_of(0x2000000, mb16), 2u);
  const std::vector<std::string> names{"000000010000000100000000",
                                       "0000000100000000000000FF",
                                       "000000010000000000000002.partial",
                                       "000000010000000000000001",
                                       "000000020000000000000005",
                                       "00000002.history",
                                       "archive_status",
                                       "000000010000000000000003.00000028.backup",
                                       "00000001000000000000000G"};
  EXPECT_EQ(segments_between(names, 1, 2, 256, mb16),
            (std::vector<std::string>{"000000010000000000000002.partial", "0000000100000000000000FF",
                                      "000000010000000100000000"}));
  EXPECT_EQ(segments_between(names, 1, 256, 300, mb16), (std::vector<std::string>{"000000010000000100000000"}));
  EXPECT_EQ(segments_between({"000000010000000100000000"}, 1, 4096, 4096, 1 << 20).size(), 1u)
      << "4096 segments of 1 MB in 4 GB";
}

}  // namespace
}  // namespace picket
