#include "postgres/throwaway.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

#include "postgres/postmaster_pid.hpp"
#include "postgres/processes.hpp"

namespace picket::test {
namespace {
namespace fs = std::filesystem;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// One folder for this program, removed when it ends.
struct Home {
  std::string path;
  int made = 0;
  Home() {
    // In memory where that is possible: a cluster is copied ten times faster.
    std::string name = (::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + std::string("/picket_pg_XXXXXX");
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path = name;
    own(path);
  }
  ~Home() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  static void own(const std::string& folder) {
    const passwd* user = getpwnam("postgres");
    if (!user || chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0)
      throw std::runtime_error("cannot give " + folder + " to user postgres");
  }
  std::string make() {
    const std::string folder = path + "/" + std::to_string(++made);
    fs::create_directory(folder);
    own(folder);
    return folder;
  }
};

Home& home() {
  static Home one;
  return one;
}

void wait_for(const std::string& what, const std::function<bool()>& done, std::chrono::milliseconds limit = 20s) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited in vain for " + what);
    std::this_thread::sleep_for(5ms);
  }
}

pid_t spawn_as_postgres(const std::vector<std::string>& command, const std::string& log) {
  const passwd* user = getpwnam("postgres");
  if (!user) throw std::runtime_error("no user postgres");
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork");
  if (pid > 0) {
    close(out);
    return pid;
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(out, 1);
  dup2(out, 2);
  if (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0 || chdir("/") != 0) _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);  // after setuid, which forgets it
  setenv("LC_ALL", "C", 1);
  unsetenv("PGHOST");
  execv(arguments[0], arguments.data());
  _exit(127);
}

const std::string& template_cluster() {
  static const std::string path = [] {
    const std::string folder = home().make(), data = folder + "/data";
    if (run_as_postgres({postgres_binaries() + "/initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync",
                         "--wal-segsize=1", "--locale=C", "-E", "UTF8"},
                        folder + "/log") != 0)
      throw std::runtime_error("initdb failed");
    return data;
  }();
  return path;
}

}  // namespace

const std::string& postgres_binaries() {
  static const std::string path = [] {
    int newest = 0;
    for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql"))
      if (fs::exists(entry.path() / "bin/initdb"))
        newest = std::max(newest, std::atoi(entry.path().filename().c_str()));
    if (newest == 0) throw std::runtime_error("no PostgreSQL below /usr/lib/postgresql");
    return "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
  }();
  return path;
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool ok = bind(fd, any, size) == 0 && getsockname(fd, any, &size) == 0;
  close(fd);
  if (!ok) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

int run_as_postgres(const std::vector<std::string>& command, const std::string& log) {
  int status = 0;
  waitpid(spawn_as_postgres(command, log), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Throwaway::Throwaway(std::string folder) : folder_(std::move(folder)), port_(free_port()) {}

Throwaway::Throwaway() : Throwaway(home().make()) {
  if (run_as_postgres({"/bin/cp", "-a", template_cluster(), data()}, log()) != 0)
    throw std::runtime_error("cannot copy the template cluster");
  access("local all all trust\nhost all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n");
  setting("fsync = off");
  setting("listen_addresses = '127.0.0.1'");
  setting("max_connections = 20");
  setting("shared_buffers = '16MB'");
  setting("wal_keep_size = '64MB'");
  setting("wal_retrieve_retry_interval = '100ms'");
  setting("autovacuum = off");
  setting("dynamic_shared_memory_type = mmap");  // leaves nothing outside the folder after kill9()
  configure();
}

Throwaway::~Throwaway() {
  if (pid_ != 0) {
    kill(pid_, SIGQUIT);
    kill(pid_, SIGCONT);
    waitpid(pid_, nullptr, 0);
  }
  clear_up_after_kill9();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

// What a killed postmaster leaves behind: busy backends, and its shared memory segment.
void Throwaway::clear_up_after_kill9() {
  std::ifstream file(data() + "/postmaster.pid");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const auto& process : server_processes(data()).value_or(std::vector<ServerProcess>{}))
    kill(process.pid, SIGKILL);
  std::string ignored;
  if (const auto left = parse_postmaster_pid(text, ignored); left && left->shm_id >= 0)
    shmctl(left->shm_id, IPC_RMID, nullptr);
}

void Throwaway::configure() {
  setting("port = " + std::to_string(port_));
  setting("unix_socket_directories = '" + folder_ + "'");
}

std::unique_ptr<Throwaway> Throwaway::make_standby(const std::string& name) {
  std::unique_ptr<Throwaway> standby{new Throwaway(home().make())};
  if (run_as_postgres({postgres_binaries() + "/pg_basebackup", "-D", standby->data(), "-R", "-X", "stream", "-c",
                       "fast", "--no-sync", "-d", conninfo() + " application_name=" + name},
                      standby->log()) != 0)
    throw std::runtime_error("pg_basebackup failed");
  standby->configure();
  return standby;
}

void Throwaway::setting(const std::string& line) {
  std::ofstream(data() + "/postgresql.conf", std::ios::app) << line << '\n';
}

void Throwaway::access(const std::string& lines) { std::ofstream(data() + "/pg_hba.conf") << lines; }

void Throwaway::reload() {
  if (pid_ != 0) kill(pid_, SIGHUP);
}

void Throwaway::start_only() {
  if (pid_ != 0) throw std::runtime_error("already started");
  pid_ = spawn_as_postgres({postgres_binaries() + "/postgres", "-D", data()}, log());
}

void Throwaway::start() {
  start_only();
  const std::string target = socket_conninfo();
  wait_for("a server in " + data(), [&] {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = 0;
      throw std::runtime_error("the server ended; see " + log());
    }
    return PQping(target.c_str()) == PQPING_OK;
  });
}

void Throwaway::stop(const std::string& mode) {
  if (pid_ == 0) return;
  kill(pid_, mode == "smart" ? SIGTERM : mode == "fast" ? SIGINT : SIGQUIT);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void Throwaway::kill9() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void Throwaway::freeze() { kill(pid_, SIGSTOP); }

void Throwaway::thaw() { kill(pid_, SIGCONT); }

void Throwaway::promote() {
  std::ofstream(data() + "/promote").close();
  kill(pid_, SIGUSR1);
}

void Throwaway::wait_streaming() {
  wait_for("a streaming standby",
           [this] { return sql("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") == "1"; });
}

std::string Throwaway::sql(const std::string& text) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> conn{PQconnectdb(socket_conninfo().c_str()), PQfinish};
  if (PQstatus(conn.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(conn.get()));
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result{PQexec(conn.get(), text.c_str()), PQclear};
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) throw std::runtime_error(PQerrorMessage(conn.get()));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

std::string Throwaway::conninfo(const std::string& user) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " dbname=postgres user=" + user;
}

std::string Throwaway::socket_conninfo(const std::string& user) const {
  return "host=" + folder_ + " port=" + std::to_string(port_) + " dbname=postgres user=" + user;
}

}  // namespace picket::test
