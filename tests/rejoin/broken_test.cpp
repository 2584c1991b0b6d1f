// The way back cut short: what is left is known for what it is, and the next attempt goes on from there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "rejoin/real_cluster.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;
namespace fs = std::filesystem;

nlohmann::json record_of(const RepmgrNode& node) { return nlohmann::json::parse(node.state("rejoin.json")); }

/// node1, an old primary that has written what nobody else has, and is stopped.
struct Diverged : RealCluster {
  Diverged() {
    promote_node2();
    node1->server().sql("insert into t values (7)");
    node1->server().stop("fast");
    node2->server().sql("checkpoint");
  }
};

// kill -9 of the group, as the OOM killer or a power cut would end them: repmgr has no last words then.
const std::string killed_with_repmgr =
    "#!/bin/sh\necho 'pg_rewind: rewinding from last common checkpoint at 0/2000060 on timeline 1' >&2\nkill -9 0\n";

TEST(BrokenRewind, KilledTogetherWithRepmgrIsKnownAndNothingStartsOnItButANewCopy) {
  NEEDS_REPMGR();
  Diverged cluster;
  RepmgrNode& old = *cluster.node1;
  old.instead_of("pg_rewind", killed_with_repmgr);
  const Ended killed = old.run_job();
  EXPECT_EQ(killed.code, 1) << killed.out;
  EXPECT_EQ(record_of(old)["rewinding"], true) << killed.out;

  for (const bool signal : {false, true}) {
    if (signal) write_text(old.server().data() + "/standby.signal", "");
    const Ended gate = old.gate();
    EXPECT_EQ(gate.code, 1);
    EXPECT_THAT(gate.err, HasSubstr("a pg_rewind began to change this data and did not end")) << signal;
  }
  fs::remove(old.state_folder() + "/fence.json");
  EXPECT_THAT(old.gate().err, HasSubstr("B7 refused: a pg_rewind began")) << "without a marker too";

  old.as_before("pg_rewind");
  const Ended dry = old.rejoin({"--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("plan: clone\n"));
  EXPECT_THAT(dry.out, HasSubstr("an earlier pg_rewind was broken off"));
  const Ended job = old.run_job();
  EXPECT_EQ(job.code, 0) << job.out;
  EXPECT_TRUE(streams(old));
  EXPECT_EQ(record_of(old)["rewinding"], false);
}

TEST(BrokenRewind, KilledBeforeItsFirstWordIsNotTrustedEither) {
  NEEDS_REPMGR();
  Diverged cluster;
  cluster.node1->instead_of("pg_rewind", "#!/bin/sh\nkill -9 0\n");
  EXPECT_EQ(cluster.node1->run_job().code, 1);
  EXPECT_EQ(record_of(*cluster.node1)["rewinding"], true);
}

TEST(BrokenRewind, IsNotedOnDiskBeforeItBeginsHoweverLittleRepmgrLogs) {
  NEEDS_REPMGR();
  Diverged cluster;
  RepmgrNode& old = *cluster.node1;
  old.repmgr_setting("log_level=ERROR");
  const std::string seen = old.run_folder() + "/seen.json";
  old.instead_of("pg_rewind", "#!/bin/sh\ncp " + old.state_folder() + "/rejoin.json " + seen + "\nexit 1\n");
  const Ended job = old.run_job();
  EXPECT_EQ(job.code, 1);
  EXPECT_EQ(nlohmann::json::parse(read_text(seen), nullptr, false)["rewinding"], true) << job.out;
  EXPECT_EQ(record_of(old)["rewinding"], false) << "it has failed without a word of changes";
}

TEST(BrokenRewind, ThatFailsBeforeItTouchesAnythingIsRepeated) {
  NEEDS_REPMGR();
  Diverged cluster;
  RepmgrNode& old = *cluster.node1;
  old.instead_of("pg_rewind", "#!/bin/sh\necho 'pg_rewind: error: could not connect to server' >&2\nexit 1\n");
  const Ended failed = old.run_job();
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(record_of(old)["rewinding"], false) << failed.out;
  old.as_before("pg_rewind");
  const Ended job = old.run_job();
  EXPECT_EQ(job.code, 0) << job.out;
  EXPECT_THAT(record_of(old)["sentence"].get<std::string>(), HasSubstr("(rewind)"));
  EXPECT_TRUE(streams(old));
}

TEST(BrokenRewind, ThatStillRunsIsWaitedFor) {
  NEEDS_REPMGR();
  Diverged cluster;
  RepmgrNode& old = *cluster.node1;
  old.instead_of("pg_rewind", "#!/bin/sh\nread nothing < \"$2/fifo\"\n");
  run_as_postgres({"/usr/bin/mkfifo", old.server().data() + "/fifo"});
  const Child orphan({old.program("pg_rewind"), "-D", old.server().data()}, "postgres", old.run_folder() + "/orphan");
  const std::string named = "pg_rewind (process " + std::to_string(orphan.pid()) + ") of an earlier attempt";
  EXPECT_TRUE(took([&] { return read_text("/proc/" + std::to_string(orphan.pid()) + "/comm") == "pg_rewind\n"; },
                   Millis{5000}));
  EXPECT_THAT(old.rejoin({"--dry-run"}).out, HasSubstr(named));
  EXPECT_EQ(old.run_job().code, 1);
  EXPECT_THAT(record_of(old)["sentence"].get<std::string>(), HasSubstr(named));
}

TEST(CutClone, IsUndoneByTheNextAttemptAndNamedByADryRun) {
  NEEDS_REPMGR();
  Diverged cluster;
  RepmgrNode& old = *cluster.node1;
  const std::string data = old.server().data(), aside = data + ".before-rejoin-20261122T030000Z";
  const auto cut = [&] {
    fs::rename(data, aside);
    run_as_postgres({"/bin/mkdir", "-m", "700", data});
    write_text(data + "/PG_VERSION", "15\n");
  };
  cut();
  const Ended unknown = old.rejoin({"--dry-run"});
  EXPECT_THAT(unknown.out + unknown.err, HasSubstr("mv " + aside + " " + data)) << "nobody noted it";

  const nlohmann::json noted = {{"state", "running"}, {"by", "uid 0"},     {"began", "then"}, {"ended", ""},
                                {"sentence", "copy"}, {"steps", {"copy"}}, {"archive", ""},   {"timeline", 1},
                                {"fork", 0},          {"automatic", 0},    {"final", false},  {"rewinding", false},
                                {"aside", aside},     {"schema", 1}};
  write_text(old.state_folder() + "/rejoin.json", noted.dump());
  const Ended dry = old.rejoin({"--dry-run"});
  EXPECT_EQ(dry.code, 2);
  EXPECT_THAT(dry.err, HasSubstr("an earlier clone was cut short, and the old data is in " + aside));
  EXPECT_FALSE(fs::exists(data + "/global"));
  fs::remove_all(data);  // cut between the two steps
  const Ended job = old.run_job();
  EXPECT_EQ(job.code, 0) << job.out;
  EXPECT_THAT(job.out, HasSubstr("the old data is back in its place"));
  EXPECT_TRUE(streams(old));
  EXPECT_FALSE(fs::exists(aside));
}

TEST(CutClone, ThatFailsOnlyIsUndoneAtOnceAndItsCopyRemoved) {
  NEEDS_REPMGR();
  Diverged cluster;
  RepmgrNode& old = *cluster.node1;
  old.instead_of("pg_basebackup", "#!/bin/sh\nexit 1\n");
  const Ended job = old.run_job("", true);
  EXPECT_EQ(job.code, 1);
  EXPECT_TRUE(fs::exists(old.server().data() + "/global/pg_control")) << job.out;
}

}  // namespace
}  // namespace picket::test
