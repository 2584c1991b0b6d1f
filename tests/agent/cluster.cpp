#include "agent/cluster.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "postgres/processes.hpp"

namespace picket::test {
namespace {

void must(bool done, const std::string& what) {
  if (!done) throw std::runtime_error("waited in vain: " + what);
}

void register_nodes(const std::vector<std::unique_ptr<Member>>& members) {
  Throwaway& primary = members[0]->server();
  primary.sql("CREATE EXTENSION repmgr");
  for (const auto& member : members) {
    const bool first = member->id() == 1;
    primary.sql(
        "INSERT INTO repmgr.nodes (node_id, upstream_node_id, active, node_name, type, location, priority,"
        " conninfo, repluser, slot_name, config_file) VALUES (" +
        std::to_string(member->id()) + ", " + (first ? "NULL, true, '" : "1, true, '") + member->name() +
        (first ? "', 'primary'" : "', 'standby'") + ", 'default', 100, '" + member->server().conninfo() +
        "', 'postgres', NULL, '" + member->folder().path() + "/repmgr.conf')");
  }
}

/// Empty when it is not answered: a new primary beside an old one that still has followers is withdrawn, and its agent
/// ends the sessions over its socket.
std::string answer_of(Member& member, const std::string& question) {
  try {
    return member.server().sql(question);
  } catch (const std::runtime_error&) {
    return {};
  }
}

}  // namespace

Cluster::Cluster(int nodes) {
  auto primary = std::make_unique<Throwaway>();
  primary->setting("dynamic_shared_memory_type = mmap");  // so that a killed server leaves nothing in /dev/shm
  primary->start();
  std::vector<std::unique_ptr<Throwaway>> standbys;
  for (int id = 2; id <= nodes; ++id) standbys.push_back(primary->make_standby("node" + std::to_string(id)));
  members_.push_back(std::make_unique<Member>(1, std::move(primary)));
  for (int id = 2; id <= nodes; ++id)
    members_.push_back(std::make_unique<Member>(id, std::move(standbys[static_cast<size_t>(id - 2)])));
  for (const auto& member : members_) {
    if (member->id() == 1) continue;
    member->server().start();
    member->server().wait_streaming();
  }
  register_nodes(members_);
  const std::string rows = "SELECT count(*) FROM repmgr.nodes";
  for (const auto& member : members_) {
    Throwaway& server = member->server();
    const auto replayed = [&] {
      return server.sql("SELECT to_regclass('repmgr.nodes') IS NOT NULL") == "t" &&
             server.sql(rows) == std::to_string(nodes);
    };
    must(took(replayed, Millis{5000}).has_value(), "repmgr.nodes on " + member->name());
  }
}

Cluster::~Cluster() {
  if (!testing::Test::HasFailure()) return;
  for (const auto& member : members_) std::cout << member->name() << " has logged:\n" << member->log() << "\n";
}

void Cluster::start_agents(const AgentOptions& options) {
  for (const auto& member : members_) member->start_agent(options);
  for (const auto& member : members_) {
    const std::string rule = member->id() == 1 ? "R1" : "R12";
    must(member->until(rule, Millis{8000}).has_value(), rule + "; " + describe(*member));
  }
}

void promote(Member& standby) {
  standby.server().promote();
  const auto done = [&] { return answer_of(standby, "SELECT pg_is_in_recovery()") == "f"; };
  must(took(done, Millis{10'000}).has_value(), "promotion of " + standby.name());
}

void follow(Member& standby, Member& upstream) {
  standby.server().sql("ALTER SYSTEM SET primary_conninfo = '" + upstream.server().conninfo() +
                       " application_name=" + standby.name() + "'");
  standby.server().sql("SELECT pg_reload_conf()");
  const auto done = [&] {
    return answer_of(standby, "SELECT sender_port FROM pg_stat_wal_receiver WHERE status = 'streaming'") ==
           std::to_string(upstream.server().port());
  };
  must(took(done, Millis{10'000}).has_value(), standby.name() + " following " + upstream.name());
}

void reclone(Member& dead, Member& upstream) {
  Throwaway& server = dead.server();
  server.stop("immediate");
  run_as_postgres({"/bin/rm", "-rf", server.data()});
  const int code =
      run_as_postgres({postgres_binaries() + "/pg_basebackup", "-D", server.data(), "-R", "-X", "stream", "-c", "fast",
                       "--no-sync", "-d", upstream.server().conninfo() + " application_name=" + dead.name()},
                      server.log());
  must(code == 0, "pg_basebackup of " + upstream.name());
  server.setting("port = " + std::to_string(server.port()));
  server.setting("unix_socket_directories = '" + server.folder() + "'");
  server.start();
}

StartedByHand::StartedByHand(Member& member) : member_(member) {
  member.server().stop("immediate");  // reaps what was killed meanwhile
  const auto& data = member.server().data();
  run_as_postgres(
      {postgres_binaries() + "/pg_ctl", "start", "-W", "-D", data, "-l", member.server().folder() + "/by_hand.log"});
  took([&] { return (pid_ = std::atoi(read_text(data + "/postmaster.pid").c_str())) != 0; }, Millis{2000});
}

StartedByHand::~StartedByHand() {
  if (pid_ == 0) return;
  if (waitpid(pid_, nullptr, WNOHANG) != 0) return;
  kill(pid_, SIGQUIT);
  waitpid(pid_, nullptr, 0);
}

std::optional<Millis> StartedByHand::until_it_accepts_or_ends(Millis limit) const {
  const std::string target = member_.server().socket_conninfo();
  const auto ended = [this] {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
  };
  return took([&] { return PQping(target.c_str()) == PQPING_OK || ended(); }, limit);
}

Frozen::Frozen(Member& member) {
  // The postmaster first, so that nothing is forked meanwhile.
  const pid_t postmaster = member.server().pid();
  pids_.push_back(postmaster);
  kill(postmaster, SIGSTOP);
  const auto processes = server_processes(member.server().data());
  must(processes.has_value(), "the processes of " + member.name());
  for (const auto& process : *processes) {
    if (process.pid == postmaster) continue;
    pids_.push_back(process.pid);
    kill(process.pid, SIGSTOP);
  }
}

void Frozen::thaw() {
  std::reverse(pids_.begin(), pids_.end());
  for (const pid_t pid : pids_) kill(pid, SIGCONT);
  pids_.clear();
}

// A program that may be executed and not be read keeps its memory, and with it its /proc folder, to itself (proc(5),
// /proc/PID/cwd; prctl(2), PR_SET_DUMPABLE).
Unexaminable::Unexaminable(const std::string& user) {
  const std::string program = folder_ / "postgres";
  run({"/bin/cp", "/bin/sleep", program});
  chmod(program.c_str(), 0111);
  child_ = std::make_unique<Child>(std::vector<std::string>{program, "120"}, user, folder_ / "sleep");
}

Watching::Watching(const Member& member, std::string path) : port_(member.http_port()), path_(std::move(path)) {
  thread_ = std::thread([this] {
    while (!stopping_) {
      const int status = http_get(port_, path_).status;
      if (changes_.empty() || changes_.back().status != status) changes_.push_back({boot_now(), status});
      std::this_thread::sleep_for(Millis{1});
    }
  });
}

const std::vector<Watching::Change>& Watching::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  return changes_;
}

bool Watching::ever(int status) {
  stop();
  return std::ranges::any_of(changes_, [status](const Change& change) { return change.status == status; });
}

void measured(const std::string& what, std::optional<Millis> time) {
  std::cout << "[ measured ] " << what << ": " << (time ? std::to_string(time->count()) + " ms" : "never") << "\n";
}

}  // namespace picket::test
