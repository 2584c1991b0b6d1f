// The start gate as systemd calls it: the real `picket gate start`, as root, with real servers as peers and no agent.

#include "start_gate.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "agent/cluster.hpp"
#include "instance.hpp"
#include "node_list.hpp"
#include "start_note.hpp"

namespace picket::test {
namespace {
using testing::HasSubstr;
using testing::Not;

Ended gate(Member& member) { return member.picket({"gate", "start", member.server().data()}); }
std::string note(const Member& member) { return read_text(member.folder() / "run/start-refused.json"); }

/// Agents have run once, so that every node knows the others, and are gone.
struct Gated : Cluster {
  explicit Gated(const std::string& level = "guard") {
    AgentOptions options;
    options.level = level;
    options.guard = "start_gate_within = \"2s\"\n";
    start_agents(options);
    for (const auto& member : members()) member->stop_agent(SIGTERM);
  }
  void fail_over() {
    node1().server().stop("immediate");
    promote(node2());
    follow(node3(), node2());
  }
};

TEST(StartGateProgram, LetsTheRightPrimaryPassInAMoment) {
  Gated cluster;
  cluster.node1().server().stop();
  const Instant began = boot_now();
  const Ended ended = gate(cluster.node1());
  const Millis time = boot_now() - began;
  measured("gate of a healthy primary", time);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("picket start gate: B3 allowed: "));
  EXPECT_LT(time, Millis{5000});
  EXPECT_EQ(note(cluster.node1()), "");
}

TEST(StartGateProgram, RefusesAnOldPrimaryAndLeavesTheMarkerAndANoteThatPostgresOwns) {
  Gated cluster;
  cluster.fail_over();
  const Ended ended = gate(cluster.node1());
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("B4 refused: stale primary: node2 is primary on timeline 2"));
  EXPECT_THAT(cluster.node1().marker(), HasSubstr("node2 is primary on timeline 2"));
  EXPECT_THAT(note(cluster.node1()), HasSubstr("\"B4\""));
  for (const std::string& path : {cluster.node1().marker_path(), cluster.node1().folder() / "run/start-refused.json"}) {
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0) << path;
    EXPECT_NE(info.st_uid, 0U) << path;
  }
  // The proof is not overridden, and the marker holds from now on.
  EXPECT_EQ(cluster.node1().picket({"gate", "allow-once"}).code, 0);
  const Ended again = gate(cluster.node1());
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, HasSubstr("B1 refused: "));
  // As a standby it may start: that is how it is rejoined.
  write_text(cluster.node1().server().data() + "/standby.signal", "");
  const Ended standby = gate(cluster.node1());
  EXPECT_EQ(standby.code, 0);
  EXPECT_THAT(standby.err, HasSubstr("B2 allowed"));
  EXPECT_EQ(note(cluster.node1()), "");
}

TEST(StartGateProgram, RefusesWithoutAMajorityWithinItsBoundUnlessAnAdministratorGivesLeaveOnce) {
  Gated cluster;
  for (const auto& member : cluster.members()) member->server().stop();
  const Instant began = boot_now();
  const Ended ended = gate(cluster.node1());
  measured("refusal with a bound of 2 s", boot_now() - began);
  EXPECT_LT(boot_now() - began, Millis{3000});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.err, HasSubstr("B5 refused: asked 2 nodes for their role, none answered"));
  EXPECT_THAT(note(cluster.node1()), HasSubstr("\"B5\""));
  EXPECT_FALSE(cluster.node1().has_marker());

  EXPECT_EQ(cluster.node1().picket({"gate", "allow-once"}).code, 0);
  const Ended allowed = gate(cluster.node1());
  EXPECT_EQ(allowed.code, 0) << allowed.err;
  EXPECT_THAT(allowed.err, HasSubstr("leave for one start"));
  EXPECT_EQ(note(cluster.node1()), "");
  EXPECT_EQ(gate(cluster.node1()).code, 1);  // once
}

TEST(StartGateProgram, AtLevelObserveOnlySaysWhatItWouldDo) {
  Gated cluster("observe");
  cluster.fail_over();
  const Ended ended = gate(cluster.node1());
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.err, HasSubstr("B4 refused: stale primary"));
  EXPECT_THAT(ended.err, HasSubstr("level observe"));
  EXPECT_FALSE(cluster.node1().has_marker());
  EXPECT_EQ(note(cluster.node1()), "");
}

TEST(StartGateProgram, RefusesABackupAndBrokenControlDataAndLeavesOtherClustersAlone) {
  Gated cluster;
  Throwaway& server = cluster.node1().server();
  server.stop();
  EXPECT_EQ(cluster.node1().picket({"gate", "start", "/var/lib/postgresql/another"}).code, 0);
  EXPECT_EQ(cluster.node1().picket({"gate", "start", "no-such"}).code, 1);
  write_text(server.data() + "/backup_label", "START WAL LOCATION: 0/2000028\n");
  EXPECT_THAT(gate(cluster.node1()).err, HasSubstr("B7 refused: backup_label"));
  EXPECT_EQ(cluster.node1().picket({"gate", "allow-once"}).code, 0);
  EXPECT_EQ(gate(cluster.node1()).code, 0);
  std::filesystem::remove(server.data() + "/backup_label");
  write_text(server.data() + "/global/pg_control", std::string(8192, 'x'));
  const Ended broken = gate(cluster.node1());
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.err, HasSubstr("B7 refused: the data directory cannot be read"));
}

TEST(StartGateProgram, StartsUnguardedWhereNoListOfNodesWasEverReadAndNotWhereItIsBroken) {
  Gated cluster;
  cluster.node1().server().stop();
  write_text(cluster.node1().folder() / "state/nodes.json", "[[");
  const Ended lost = gate(cluster.node1());
  EXPECT_EQ(lost.code, 1);
  EXPECT_THAT(lost.err, HasSubstr("B6 refused: "));
  std::filesystem::remove(cluster.node1().folder() / "state/nodes.json");
  const Ended never = gate(cluster.node1());
  EXPECT_EQ(never.code, 0);
  EXPECT_THAT(never.err, HasSubstr("B6 allowed: "));
}

TEST(Instance, IsMappedToItsDataDirectory) {
  const Folder etc;
  std::filesystem::create_directories(etc / "15/main");
  write_text(etc / "15/main/postgresql.conf", "#data_directory = '/wrong'\ndata_directory = '/srv/pg'  # moved\n");
  EXPECT_EQ(data_directory_of("15-main", etc.path()), "/srv/pg");
  std::filesystem::create_directories(etc / "16/a-b");
  write_text(etc / "16/a-b/postgresql.conf", "port = 5433\n");
  EXPECT_EQ(data_directory_of("16-a-b", etc.path()), "/var/lib/postgresql/16/a-b");
  EXPECT_EQ(data_directory_of("/var/lib/pgsql/15/data"), "/var/lib/pgsql/15/data");
  for (const char* wrong : {"", "15", "-main", "15-", "15-../../x", "17-none"})
    EXPECT_THROW(data_directory_of(wrong, etc.path()), std::runtime_error) << wrong;
}

TEST(Instance, IsTheSameThroughALinkAndWithASlashAtTheEnd) {
  const Folder folder;
  std::filesystem::create_directories(folder / "real");
  std::filesystem::create_symlink(folder / "real", folder / "link");
  EXPECT_TRUE(same_directory(folder / "link", folder / "real/"));
  EXPECT_FALSE(same_directory(folder / "real", folder / "other"));
}

TEST(StartNote, ComesBackAsItWasAndNonsenseIsNone) {
  const Folder folder;
  const std::string path = start_note_path(folder.path());
  EXPECT_FALSE(read_start_note(path));
  EXPECT_EQ(write_start_note(path, {"B5", "nobody \"said\" \xff"}), "");
  ASSERT_TRUE(read_start_note(path));
  EXPECT_EQ(read_start_note(path)->row, "B5");
  for (const char* text : {"", "[]", "{\"row\":1,\"sentence\":\"x\"}", "{\"row\":\"B5\"}", "null"}) {
    write_text(path, text);
    EXPECT_FALSE(read_start_note(path)) << text;
  }
}

TEST(StartLeave, HoldsForOneStartAndForTenMinutes) {
  const Folder folder;
  const std::string path = start_leave_path(folder.path());
  const Instant now{Millis{5'000'000}};
  EXPECT_FALSE(use_start_leave(path, now));
  EXPECT_EQ(write_start_leave(path, now), "");
  EXPECT_TRUE(use_start_leave(path, now + leave_good_for));
  EXPECT_FALSE(use_start_leave(path, now));
  write_start_leave(path, now);
  EXPECT_FALSE(use_start_leave(path, now + leave_good_for + Millis{1}));
  write_start_leave(path, now);
  EXPECT_FALSE(use_start_leave(path, now - Millis{1}));  // of another boot
}

}  // namespace
}  // namespace picket::test
