#include "postgres/status_query.hpp"

#include <gmock/gmock.h>

#include "postgres/status_constants.hpp"

namespace picket {
namespace {
using testing::HasSubstr;

const Cell null{};

// In the order of status_query(); the real order is proven against real servers in real_facts_test.cpp.
Row primary() {
  return {"f",
          "000000020000000100000003",
          null,
          null,
          "7439825170230105000",
          "1/3000060",
          null,
          null,
          null,
          null,
          "1732225000123456",
          "150020",
          null,
          null,
          null,
          null,
          null,
          null,
          "-8123456789012345678",
          "1/3000098",
          null,
          null,
          null,
          null,
          null,
          null,
          null};
}

Row standby() {
  return {"t",
          null,
          "3",
          "2",
          "7439825170230105000",
          null,
          "1/3000060",
          "1/3000028",
          "1500",
          "f",
          "1732225000123456",
          "150020",
          "77",
          "streaming",
          "10.0.0.1",
          "5432",
          "1/3000060",
          "12",
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null};
}

ServerFacts decoded(const Rows& rows) {
  std::string error;
  const auto facts = decode_status(rows, error);
  EXPECT_TRUE(facts) << error;
  return facts.value_or(ServerFacts{});
}

std::string refused(const Rows& rows) {
  std::string error;
  EXPECT_FALSE(decode_status(rows, error));
  return error;
}

TEST(StatusRows, OfAPrimaryGiveTheTimelineOfItsWalFile) {
  const auto facts = decoded({primary()});
  EXPECT_EQ(facts.role, Role::primary);
  EXPECT_EQ(facts.timeline, 2u);
  EXPECT_EQ(facts.system_identifier, 7439825170230105000u);
  EXPECT_EQ(facts.lsn, 0x103000060u);
  EXPECT_EQ(facts.replay_lsn, 0u);
  EXPECT_EQ(facts.started_us, 1732225000123456);
  EXPECT_EQ(facts.server_version, 150020);
  EXPECT_EQ(facts.transactions, -8123456789012345678);
  EXPECT_EQ(facts.insert_lsn, 0x103000098u);
  EXPECT_FALSE(facts.receiver);
  EXPECT_FALSE(facts.replay_delay);
  EXPECT_TRUE(facts.followers.empty());
}

TEST(StatusRows, ReadTheTimelineAsHexadecimal) {
  Row row = primary();
  row[1] = "0000001A0000000100000003";
  EXPECT_EQ(decoded({row}).timeline, 26u);
}

TEST(StatusRows, OfAStandbyGiveWhatItReceives) {
  const auto facts = decoded({standby()});
  EXPECT_EQ(facts.role, Role::standby);
  EXPECT_EQ(facts.timeline, 3u);
  EXPECT_EQ(facts.lsn, 0x103000060u);
  EXPECT_EQ(facts.replay_lsn, 0x103000028u);
  EXPECT_EQ(facts.replay_delay, Millis{1500});
  EXPECT_EQ(facts.transactions, 0);
  ASSERT_TRUE(facts.receiver);
  EXPECT_EQ(facts.receiver->status, "streaming");
  EXPECT_EQ(facts.receiver->sender_host, "10.0.0.1");
  EXPECT_EQ(facts.receiver->sender_port, 5432);
  EXPECT_EQ(facts.receiver->timeline, 3u);
  EXPECT_EQ(facts.receiver->message_age, Millis{12});
}

TEST(StatusRows, OfAStandbyThatReceivesNothingGiveTheReplayedTimeline) {
  Row row = standby();
  for (size_t i : {2, 12, 13, 14, 15, 16, 17}) row[i] = null;
  row[6] = null;
  const auto facts = decoded({row});
  EXPECT_EQ(facts.timeline, 2u);
  EXPECT_EQ(facts.lsn, facts.replay_lsn);
  EXPECT_FALSE(facts.receiver);
}

TEST(StatusRows, HiddenFromAPlainRoleStillShowThatSomebodyIsThere) {
  Row row = standby();
  for (size_t i : {2, 13, 14, 15, 16, 17}) row[i] = null;
  row[20] = "99";
  const auto facts = decoded({row});
  ASSERT_TRUE(facts.receiver);
  EXPECT_EQ(facts.receiver->status, "");
  ASSERT_EQ(facts.followers.size(), 1u);
  EXPECT_EQ(facts.followers[0].application_name, "");
}

TEST(StatusRows, OnePerFollowerGiveThemAll) {
  Row first = primary(), second = primary();
  const Row a{"71", "node2", "10.0.0.2", "streaming", "sync", "1/3000000", "40112"};
  const Row b{"72", "node3", null, "catchup", "async", null, "-1"};
  std::copy(a.begin(), a.end(), first.begin() + 20);
  std::copy(b.begin(), b.end(), second.begin() + 20);
  const auto facts = decoded({first, second});
  ASSERT_EQ(facts.followers.size(), 2u);
  EXPECT_EQ(facts.followers[0].application_name, "node2");
  EXPECT_EQ(facts.followers[0].client_addr, "10.0.0.2");
  EXPECT_EQ(facts.followers[0].sync_state, "sync");
  EXPECT_EQ(facts.followers[0].replay_lsn, 0x103000000u);
  EXPECT_EQ(facts.followers[0].client_port, 40112);
  EXPECT_EQ(facts.followers[1].client_port, -1);
  EXPECT_EQ(facts.followers[1].state, "catchup");
  EXPECT_EQ(facts.followers[1].replay_lsn, 0u);
}

TEST(StatusRows, WithACommitFromTheFutureHaveNoNegativeDelay) {
  Row row = standby();
  row[8] = "-40";
  EXPECT_EQ(decoded({row}).replay_delay, Millis{0});
}

TEST(StatusRows, ThatMakeNoSenseAreRefusedByTheirColumn) {
  EXPECT_THAT(refused({}), HasSubstr("no row"));
  EXPECT_THAT(refused({{"f"}}), HasSubstr("1 columns instead of 27"));
  Row row = primary();
  row[0] = null;
  EXPECT_THAT(refused({row}), HasSubstr("in_recovery"));
  row = primary();
  row[0] = "maybe";
  EXPECT_THAT(refused({row}), HasSubstr("maybe"));
  row = primary();
  row[4] = "many";
  EXPECT_THAT(refused({row}), HasSubstr("system_identifier"));
  row = primary();
  row[5] = "0-3000060";
  EXPECT_THAT(refused({row}), HasSubstr("current_lsn"));
  row = primary();
  row[1] = "zzzzzzzz00000001";
  EXPECT_THAT(refused({row}), HasSubstr("wal_file"));
  row = primary();
  row[20] = "1";
  row[25] = "x";
  EXPECT_THAT(refused({primary(), row}), HasSubstr("follower_replay_lsn"));
}

// As the brief form shows it, with nothing of what stays: system_identifier, started_us, server_version, and a
// follower's name, address and port.
Row brief(Row row) {
  for (size_t i : {4, 10, 11, 21, 22, 26}) row[i] = null;
  return row;
}

Row followed_by(Row row, const std::string& pid, const std::string& name, const std::string& state) {
  const Row follower{pid, name, "10.0.0.2", state, "async", "1/3000000", "40112"};
  std::copy(follower.begin(), follower.end(), row.begin() + 20);
  return row;
}

TEST(BriefLook, IsCompletedFromTheWholeOneBefore) {
  StatusConstants constants;
  constants.keep(
      {followed_by(primary(), "71", "node2", "streaming"), followed_by(primary(), "72", "node3", "streaming")});
  Row later = followed_by(primary(), "72", "node3", "catchup");
  later[5] = "1/4000000";
  Rows rows{brief(later)};
  ASSERT_TRUE(constants.complete(rows));
  EXPECT_EQ(rows, Rows{later}) << "what is new is not overwritten, what was left out is there";
  Rows alone{brief(primary())};
  ASSERT_TRUE(constants.complete(alone));
  EXPECT_EQ(alone, Rows{primary()});
}

TEST(BriefLook, CannotNameWhoWasNotThere) {
  StatusConstants constants;
  Rows rows{brief(primary())};
  EXPECT_FALSE(constants.complete(rows)) << "no whole look yet";
  constants.keep({followed_by(primary(), "71", "node2", "streaming")});
  rows = {brief(followed_by(primary(), "71", "", "streaming")), brief(followed_by(primary(), "73", "", "streaming"))};
  EXPECT_FALSE(constants.complete(rows));
  constants.keep({primary()});
  rows = {brief(followed_by(primary(), "71", "", "streaming"))};
  EXPECT_FALSE(constants.complete(rows)) << "the latest whole look counts";
}

TEST(BriefLook, OfAnotherWidthIsRefused) {
  StatusConstants constants;
  constants.keep({primary()});
  Rows rows{Row{"f"}};
  EXPECT_FALSE(constants.complete(rows));
  constants.keep({Row{"f"}});
  rows = {brief(primary())};
  EXPECT_FALSE(constants.complete(rows));
}

TEST(StandbyTimeline, DoesNotGoBackWhenTheReceiverEnds) {
  ServerFacts before = decoded({standby()}), now = before;
  now.timeline = 2;
  keep_timeline(before, now);
  EXPECT_EQ(now.timeline, 3u);
  now.timeline = 2;
  now.started_us += 1;
  keep_timeline(before, now);
  EXPECT_EQ(now.timeline, 2u) << "another postmaster may begin further back";
  before = decoded({primary()});
  before.timeline = 9;
  now = before;
  now.timeline = 8;
  keep_timeline(before, now);
  EXPECT_EQ(now.timeline, 8u) << "a primary says what is";
}

TEST(Lsn, IsTwoHexadecimalHalves) {
  EXPECT_EQ(parse_lsn("16/B374D848"), Lsn{0x16B374D848});
  EXPECT_EQ(parse_lsn("0/0"), Lsn{0});
  for (const auto* text : {"", "/", "1", "1/", "/1", "1/2/3", "x/1", "1/x", " 1/2", "100000000/0"})
    EXPECT_FALSE(parse_lsn(text)) << text;
}

}  // namespace
}  // namespace picket
