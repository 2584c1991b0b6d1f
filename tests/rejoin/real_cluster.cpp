#include "rejoin/real_cluster.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

namespace picket::test {
namespace {

std::unique_ptr<Throwaway> first_server() {
  auto server = std::make_unique<Throwaway>();
  for (const char* line : {"shared_preload_libraries = 'repmgr'", "wal_log_hints = on", "hot_standby = on"})
    server->setting(line);
  server->start();
  return server;
}

}  // namespace

RepmgrNode::RepmgrNode(int id, std::unique_ptr<Throwaway> server)
    : id_(id), name_("node" + std::to_string(id)), server_(std::move(server)) {
  for (const char* folder : {"run", "state"}) run_as_postgres({"/bin/mkdir", folder_ / folder});
  const std::string start =
      postgres_binaries() + "/pg_ctl -D " + server_->data() + " -w -l " + server_->folder() + "/pg_ctl.log start";
  write_text(folder_ / "repmgr.conf", "node_id=" + std::to_string(id_) + "\nnode_name='" + name_ + "'\nconninfo='" +
                                          server_->conninfo() + " connect_timeout=2'\ndata_directory='" +
                                          server_->data() + "'\npg_bindir='" + postgres_binaries() +
                                          "'\nservice_start_command='" + start + "'\n");
  write_text(folder_ / "picket.toml", "run_directory = \"" + (folder_ / "run") + "\"\nstate_directory = \"" +
                                          (folder_ / "state") + "\"\n[repmgr]\nconf = \"" + (folder_ / "repmgr.conf") +
                                          "\"\n");
}

// What the job started is nobody's child.
RepmgrNode::~RepmgrNode() {
  run_as_postgres({postgres_binaries() + "/pg_ctl", "-D", server_->data(), "-m", "immediate", "-w", "stop"});
}

void RepmgrNode::knows(const std::vector<const RepmgrNode*>& nodes) const {
  nlohmann::json table = nlohmann::json::array();
  for (const RepmgrNode* node : nodes)
    table.push_back({std::to_string(node->id_), nullptr, "t", node->name_, node->id_ == 1 ? "primary" : "standby",
                     "100", node->server_->conninfo()});
  write_text(folder_ / "state/nodes.json", table.dump());
}

void RepmgrNode::repmgr(const std::vector<std::string>& words) const {
  std::vector<std::string> command{postgres_binaries() + "/repmgr", "-f", folder_ / "repmgr.conf"};
  command.insert(command.end(), words.begin(), words.end());
  Child child(command, "postgres", folder_ / "repmgr");
  EXPECT_EQ(child.ended(Millis{60'000}), std::optional<int>(0)) << child.err();
}

Ended RepmgrNode::rejoin(std::vector<std::string> words) const {
  words.insert(words.begin(), {picketd_binary(), "--config", folder_ / "picket.toml", "--rejoin"});
  Child child(words, "postgres", folder_ / "rejoin", {"HOME=/var/lib/postgresql"});
  const int code = child.ended(Millis{90'000}).value_or(-1);
  return {code, child.out(), child.err()};
}

void RepmgrNode::repmgr_setting(const std::string& line) const {
  write_text(folder_ / "repmgr.conf", read_text(folder_ / "repmgr.conf") + line + "\n");
}

void RepmgrNode::instead_of(const std::string& program, const std::string& script) const {
  namespace fs = std::filesystem;
  const fs::path bin = folder_ / "bin";
  if (!fs::exists(bin)) {
    run_as_postgres({"/bin/mkdir", bin});
    for (const auto& entry : fs::directory_iterator(postgres_binaries()))
      fs::create_symlink(entry.path(), bin / entry.path().filename());
    repmgr_setting("pg_bindir='" + bin.string() + "'");
  }
  fs::remove(bin / program);
  write_text(bin / program, script);
  fs::permissions(bin / program, fs::perms{0755});
}

void RepmgrNode::as_before(const std::string& program) const {
  namespace fs = std::filesystem;
  fs::remove((folder_ / "bin/") + program);
  fs::create_symlink(postgres_binaries() + "/" + program, folder_ / ("bin/" + program));
}

Ended RepmgrNode::gate() const {
  Child child({picketd_binary(), "--config", folder_ / "picket.toml", "--gate-start", server_->data()}, "postgres",
              folder_ / "gate", {"HOME=/var/lib/postgresql"});
  const int code = child.ended(Millis{60'000}).value_or(-1);
  return {code, child.out(), child.err()};
}

Ended RepmgrNode::run_job(const std::string& primary, bool clone) const {
  const nlohmann::json request = {{"schema", 1},        {"clone", clone}, {"without_archive", false},
                                  {"automatic", false}, {"max_lost", 0},  {"primary", primary},
                                  {"by", "the test"}};
  write_text(folder_ / "run/rejoin-request.json", request.dump());
  return rejoin({"--run"});
}

bool streams(RepmgrNode& node) {
  return took([&] { return node.server().sql("select status from pg_stat_wal_receiver") == "streaming"; },
              Millis{20'000})
      .has_value();
}

RealCluster::RealCluster() {
  node1 = std::make_unique<RepmgrNode>(1, first_server());
  node1->repmgr({"primary", "register"});
  for (auto* place : {&node2, &node3}) {
    const int id = place == &node2 ? 2 : 3;
    *place = std::make_unique<RepmgrNode>(id, node1->server().make_standby("node" + std::to_string(id)));
    (*place)->server().start();
    (*place)->server().wait_streaming();
    // repmgr asks the primary, whose sender may still be catching up.
    const std::string state =
        "select state from pg_stat_replication where application_name = '" + (*place)->name() + "'";
    EXPECT_TRUE(took([&] { return node1->server().sql(state) == "streaming"; }, Millis{20'000}));
    (*place)->repmgr({"standby", "register"});
  }
  for (const auto* node : {node1.get(), node2.get(), node3.get()}) node->knows({node1.get(), node2.get(), node3.get()});
  node1->server().sql("create table t (i int)");
}

void RealCluster::promote_node2() {
  const std::string at = node1->server().sql("select pg_current_wal_lsn()");
  for (auto* node : {node2.get(), node3.get()})
    EXPECT_TRUE(took([&] { return node->server().sql("select pg_last_wal_replay_lsn() >= '" + at + "'") == "t"; },
                     Millis{10'000}));
  fail_over();
}

void RealCluster::fail_over() {
  node2->server().promote();
  EXPECT_TRUE(took([&] { return node2->server().sql("select pg_is_in_recovery()") == "f"; }, Millis{20'000}));
  node2->server().sql("update repmgr.nodes set active = false, type = 'standby' where node_id = 1");
  node2->server().sql("update repmgr.nodes set type = 'primary', upstream_node_id = null where node_id = 2");
  node2->server().sql("update repmgr.nodes set upstream_node_id = 2 where node_id = 3");
  node3->server().sql("alter system set primary_conninfo = '" + node2->server().conninfo() +
                      " application_name=node3'");
  node3->server().reload();
  EXPECT_TRUE(
      took([&] { return node2->server().sql("select count(*) from pg_stat_replication") == "1"; }, Millis{20'000}));
}

}  // namespace picket::test
