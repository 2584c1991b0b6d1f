// What the plan says of a log that is damaged, and of a data directory that is laid out otherwise, and who gets to see
// a password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "rejoin/real_cluster.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;
namespace fs = std::filesystem;

/// Rows on a primary that another one has left behind.
void write_rows(RepmgrNode& node, int count) {
  for (int i = 0; i < count; ++i) node.server().sql("insert into t values (" + std::to_string(i) + ")");
}

TEST(DamagedLog, IsCountedAsTheLeastThatIsLostAndKeptWhole) {
  NEEDS_REPMGR();
  RealCluster cluster;
  cluster.promote_node2();
  RepmgrNode& old = *cluster.node1;
  write_rows(old, 3);
  const std::string segment = old.server().sql("select pg_walfile_name(pg_current_wal_insert_lsn())");
  const std::string at = old.server().sql("select (pg_walfile_name_offset(pg_current_wal_insert_lsn())).file_offset");
  write_rows(old, 4);
  old.server().sql("select pg_switch_wal()");
  write_rows(old, 1);
  const std::string last = old.server().sql("select pg_walfile_name(pg_current_wal_insert_lsn())");
  EXPECT_NE(segment, last);
  old.server().stop("immediate");  // no checkpoint at the end tells how far the log went
  cluster.node2->server().sql("checkpoint");
  EXPECT_THAT(old.rejoin({"--dry-run"}).out, HasSubstr("lost       8 committed transactions, "));

  std::fstream file(old.server().data() + "/pg_wal/" + segment, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(std::stol(at) + 8);
  file << std::string(64, '\0');
  file.close();
  const Ended dry = old.rejoin({"--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("lost       at least 3 committed transactions, "));
  EXPECT_THAT(dry.out, HasSubstr("and goes on behind it"));

  old.instead_of("pg_rewind", "#!/bin/sh\nexit 1\n");
  const Ended job = old.run_job();
  const std::string archive = nlohmann::json::parse(old.state("rejoin.json"))["archive"];
  for (const std::string& name : {segment, last}) EXPECT_TRUE(fs::exists(archive + "/" + name)) << name << job.out;
}

TEST(OtherLayout, ALogThatLiesElsewhereIsNamedBeforeAnyCopyIsMade) {
  NEEDS_REPMGR();
  RealCluster cluster;
  cluster.promote_node2();
  RepmgrNode& old = *cluster.node1;
  old.server().stop("fast");
  const std::string wal = old.server().data() + "/pg_wal", elsewhere = old.server().folder() + "/wal";
  fs::rename(wal, elsewhere);
  fs::create_symlink(elsewhere, wal);
  const Ended dry = old.rejoin({"--dry-run", "--clone"});
  EXPECT_EQ(dry.code, 1);
  EXPECT_THAT(dry.out, HasSubstr("NOT NOW    pg_wal here is a symbolic link to " + elsewhere));
  EXPECT_EQ(old.run_job("", true).code, 1);
  EXPECT_TRUE(fs::is_symlink(wal));
}

TEST(Passwords, AreNoArgumentsOfAnyProgramAndInNoJournal) {
  NEEDS_REPMGR();
  RealCluster cluster;
  cluster.promote_node2();
  RepmgrNode& old = *cluster.node1;
  write_rows(old, 1);
  old.server().stop("fast");
  std::string nodes = old.state("nodes.json");
  const std::string plain = cluster.node2->server().conninfo();
  nodes.replace(nodes.find(plain), plain.size(), plain + " password='hunter2 hunter2'");
  write_text(old.state_folder() + "/nodes.json", nodes);
  const std::string seen = old.run_folder() + "/seen", file = old.run_folder() + "/seen-file";
  old.instead_of("repmgr", "#!/bin/sh\necho \"$@\" >> " + seen + "\ncat \"$PGPASSFILE\" >> " + file + "\nexec " +
                               postgres_binaries() + "/repmgr \"$@\"\n");
  const Ended job = old.run_job();
  EXPECT_EQ(job.code, 0) << job.out;
  EXPECT_THAT(read_text(seen), HasSubstr("node rejoin -d "));
  EXPECT_EQ(read_text(seen).find("hunter2"), std::string::npos) << read_text(seen);
  EXPECT_THAT(read_text(file), HasSubstr("127.0.0.1:*:*:postgres:hunter2 hunter2\n"));
  EXPECT_EQ(job.out.find("hunter2"), std::string::npos) << job.out;
  EXPECT_FALSE(fs::exists(old.run_folder() + "/rejoin-pgpass"));
}

}  // namespace
}  // namespace picket::test
