// The way back with real servers, a real repmgr and a real pg_rewind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "rejoin/real_cluster.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;
namespace fs = std::filesystem;

std::string found(const std::string& text, const std::string& pattern) {
  std::smatch part;
  return std::regex_search(text, part, std::regex(pattern)) ? part[1].str() : "";
}

void write_seven(RepmgrNode& node) {
  for (int i = 0; i < 7; ++i) node.server().sql("insert into t values (" + std::to_string(i) + ")");
}

TEST(RealPlan, NamesTheForkThatPgRewindFindsAndEachTransactionThatIsLost) {
  NEEDS_REPMGR();
  RealCluster cluster;
  cluster.promote_node2();
  write_seven(*cluster.node1);
  cluster.node1->server().stop("fast");
  cluster.node2->server().sql("checkpoint");
  const Ended dry = cluster.node1->rejoin({"--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.out << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("plan: rewind\n"));
  EXPECT_THAT(dry.out, HasSubstr("primary    node2, timeline 2, followed by node3\n"));
  EXPECT_THAT(dry.out, HasSubstr("lost       7 committed transactions, "));
  EXPECT_THAT(dry.out, HasSubstr("prerequisites for executing NODE REJOIN are met"));

  const std::string log = cluster.node1->run_folder() + "/pg_rewind.log";
  EXPECT_EQ(run_as_postgres({postgres_binaries() + "/pg_rewind", "--dry-run", "-D", cluster.node1->server().data(),
                             "--source-server=" + cluster.node2->server().conninfo()},
                            log),
            0)
      << read_text(log);
  const std::string fork = found(read_text(log), "diverged at WAL location ([0-9A-F/]+) on timeline 1");
  EXPECT_FALSE(fork.empty()) << read_text(log);
  EXPECT_EQ(found(dry.out, "fork +([0-9A-F/]+) on timeline 1"), fork);
  EXPECT_EQ(cluster.node1->state("rejoin.json"), "") << "a dry run leaves no record";
}

TEST(RealRejoin, OfACrashedPrimaryKeepsWhatOnlyItHadAndEndsAsAStandby) {
  NEEDS_REPMGR();
  RealCluster cluster;
  RepmgrNode& old = *cluster.node1;
  cluster.promote_node2();
  write_seven(old);
  old.server().stop("immediate");
  cluster.node2->server().sql("insert into t values (100)");
  const fs::path wal = old.server().data() + "/pg_wal";
  fs::copy(wal, old.state_folder() + "/wal-before", fs::copy_options::recursive);
  // As after a power cut: what the server left names a process of the same user that has nothing to do with it.
  const Child stranger({"/bin/sleep", "300"}, "postgres", old.state_folder() + "/stranger");
  write_text(old.server().data() + "/postmaster.pid",
             std::to_string(stranger.pid()) + "\n" + old.server().data() + "\n1700000000\n5432\n\n\n0 0\n");

  const Ended job = old.run_job();
  EXPECT_EQ(job.code, 0) << job.out << job.err;
  EXPECT_TRUE(streams(old));
  EXPECT_TRUE(
      took([&] { return old.server().sql("select string_agg(i::text, ',') from t") == "100"; }, Millis{10'000}));
  const auto record = nlohmann::json::parse(old.state("rejoin.json"));
  EXPECT_EQ(record["state"], "done") << record;
  EXPECT_EQ(record["rewinding"], false);

  // Each segment from the fork on is there, byte for byte, and each commit is named.
  const std::string archive = record["archive"];
  EXPECT_EQ(found(read_text(archive + "/summary.txt"), "lost +([0-9]+) committed"), "7");
  int segments = 0;
  for (const auto& entry : fs::directory_iterator(archive)) {
    const std::string name = entry.path().filename();
    if (name == "summary.txt") continue;
    ++segments;
    EXPECT_EQ(read_text(entry.path()), read_text(old.state_folder() + "/wal-before/" + name)) << name;
  }
  EXPECT_GE(segments, 1);
  // Without an agent nobody has seen it stream for a while: it stays fenced until one has.
  EXPECT_THAT(old.state("fence.json"), HasSubstr("on the way back to node2"));
  EXPECT_THAT(old.rejoin({"--dry-run"}).out, HasSubstr("plan: nothing to do\n"));
}

TEST(RealRejoin, OfACrashedPrimaryThatLostNothingNeedsNeitherRewindNorClone) {
  NEEDS_REPMGR();
  RealCluster cluster;
  RepmgrNode& old = *cluster.node1;
  old.server().setting("wal_log_hints = off");
  old.server().stop("fast");
  old.server().start();
  old.server().sql("insert into t values (7)");
  const std::string at = old.server().sql("select pg_current_wal_lsn()");
  for (auto* node : {cluster.node2.get(), cluster.node3.get()})
    EXPECT_TRUE(took([&] { return node->server().sql("select pg_last_wal_replay_lsn() >= '" + at + "'") == "t"; },
                     Millis{10'000}));
  old.server().stop("immediate");
  cluster.fail_over();
  cluster.node2->server().sql("insert into t values (8)");
  const Ended job = old.run_job();
  EXPECT_EQ(job.code, 0) << job.out << job.err;
  EXPECT_THAT(job.out, HasSubstr("plan: start as a standby\n"));
  EXPECT_TRUE(streams(old));
  EXPECT_TRUE(
      took([&] { return old.server().sql("select string_agg(i::text, ',') from t") == "7,8"; }, Millis{10'000}));
  EXPECT_FALSE(fs::exists(old.server().data() + ".before-rejoin"));
}

// The finding M10: pg_rewind would say "no rewind required" here.
TEST(RealRejoin, OfOneOfTwoPrimariesOfOneTimelineIsANewCopyAndTheOldOneIsKept) {
  NEEDS_REPMGR();
  RealCluster cluster;
  RepmgrNode &one = *cluster.node2, &other = *cluster.node3;
  cluster.node1->server().stop("fast");
  for (RepmgrNode* node : {&one, &other}) {
    node->server().promote();
    EXPECT_TRUE(took([&] { return node->server().sql("select pg_is_in_recovery()") == "f"; }, Millis{20'000}));
  }
  one.server().sql(
      "update repmgr.nodes set active = node_id = 2, type = case node_id when 2 then 'primary' else 'standby' end");
  other.server().sql("insert into t values (7)");
  const Ended running = other.rejoin({"--dry-run"});
  EXPECT_EQ(running.code, 1);
  EXPECT_THAT(running.out, HasSubstr("plan: clone\n"));
  EXPECT_THAT(running.out, HasSubstr("both went on as primaries of timeline 2"));
  EXPECT_THAT(running.out, HasSubstr("NOT NOW    PostgreSQL runs here as a primary: stop it first\n"));
  EXPECT_THAT(running.out, HasSubstr("NOT NOW    no majority follows node2"));

  other.server().stop("fast");
  EXPECT_EQ(other.run_job().code, 1) << "nobody has said whom to believe";
  EXPECT_THAT(nlohmann::json::parse(other.state("rejoin.json"))["sentence"].get<std::string>(),
              HasSubstr("no majority follows node2"));
  const Ended job = other.run_job("node2");
  EXPECT_EQ(job.code, 0) << job.out << job.err;
  EXPECT_TRUE(streams(other));
  EXPECT_EQ(other.server().sql("select count(*) from t"), "0");
  const std::string aside = nlohmann::json::parse(other.state("rejoin.json"))["archive"];
  EXPECT_THAT(aside, HasSubstr(other.server().data() + ".before-rejoin-"));
  EXPECT_TRUE(fs::exists(aside + "/PG_VERSION"));
}

TEST(RealRejoin, ThatFailsLeavesTheNodeFencedAndCanBeRepeated) {
  NEEDS_REPMGR();
  RealCluster cluster;
  RepmgrNode& old = *cluster.node1;
  cluster.promote_node2();
  write_seven(old);
  old.server().stop("immediate");
  // repmgr refuses where its metadata names another primary; picket says so before anything is touched.
  cluster.node2->server().sql("update repmgr.nodes set active = false where node_id = 2");
  EXPECT_EQ(old.run_job().code, 1);
  EXPECT_THAT(old.state("rejoin.json"), HasSubstr("repmgr primary register --force"));
  EXPECT_FALSE(fs::exists(old.server().data() + "/standby.signal"));
  cluster.node2->server().sql("update repmgr.nodes set active = true where node_id = 2");

  // A standby that would not be let in is not begun with.
  cluster.node2->server().access("local all all trust\nhost all all 127.0.0.1/32 trust\n");
  cluster.node2->server().reload();
  const Ended bad = old.run_job("", true);
  EXPECT_EQ(bad.code, 1) << bad.out;
  EXPECT_THAT(old.state("rejoin.json"), HasSubstr("a replication connection to it fails"));
  EXPECT_TRUE(fs::exists(old.server().data() + "/PG_VERSION"));

  cluster.node2->server().access(
      "local all all trust\nhost all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n");
  cluster.node2->server().reload();
  const Ended job = old.run_job();
  EXPECT_EQ(job.code, 0) << job.out << job.err;
  EXPECT_TRUE(streams(old));
}

TEST(RealRejoin, HasNothingToDoForAStandbyAndNobodyToFollowForThePrimary) {
  NEEDS_REPMGR();
  RealCluster cluster;
  // A standby that streams from the primary has nothing to come back from.
  const Ended nothing = cluster.node3->rejoin({"--dry-run"});
  EXPECT_EQ(nothing.code, 0) << nothing.out << nothing.err;
  EXPECT_THAT(nothing.out, HasSubstr("streams from node1"));
  // The primary itself: nobody else claims to be one.
  const Ended primary = cluster.node1->rejoin({"--dry-run"});
  EXPECT_EQ(primary.code, 1);
  EXPECT_THAT(primary.out, HasSubstr("no other node shows itself as a primary"));
}

}  // namespace
}  // namespace picket::test
