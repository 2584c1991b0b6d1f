// A real HAProxy watches the page in the three ways that people configure it, and takes the servers up and down by it.
#include <gmock/gmock.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>

#include "http/served.hpp"
#include "report/pages.hpp"
#include "report/scene.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;

/// HAProxy with one backend per way of checking, each with the same one server.
class Haproxy {
 public:
  explicit Haproxy(int port)
      : folder_(std::filesystem::temp_directory_path() / ("picket_haproxy_" + std::to_string(getpid()))) {
    std::filesystem::create_directory(folder_);
    const std::string server =
        "  server pg1 127.0.0.1:5432 check port " + std::to_string(port) + " inter 50ms fall 2 rise 2\n";
    std::ofstream(folder_ / "haproxy.cfg")
        << "global\n  stats socket " << socket_path() << " level admin\n  nbthread 1\n"
        << "defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n  timeout check 1s\n"
        << "backend primary\n  option httpchk\n  http-check send meth GET uri /primary ver HTTP/1.1 hdr Host picket\n"
        << server << "backend oldstyle\n  option httpchk GET /primary HTTP/1.1\n"
        << server << "backend plain\n  option httpchk\n"
        << server << "backend replica\n  option httpchk GET /replica?lag=1MB\n  http-check expect status 200\n"
        << server;
    pid_ = fork();
    if (pid_ == 0) {
      // -db: stays in the foreground, one process.
      execlp("haproxy", "haproxy", "-db", "-q", "-f", (folder_ / "haproxy.cfg").c_str(), nullptr);
      _exit(127);
    }
  }
  ~Haproxy() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }

  /// Backend to the server's status ("UP", "DOWN", "UP 1/2", ...), from `show stat`; empty while HAProxy is not there.
  std::map<std::string, std::string> statuses() const {
    Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    socket_path().copy(to.sun_path, sizeof to.sun_path - 1);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) return {};
    const std::string_view question = "show stat\n";
    if (write(fd.get(), question.data(), question.size()) < 0) return {};
    std::string all;
    char bytes[4096];
    for (ssize_t n = 0; (n = read(fd.get(), bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<size_t>(n));
    std::map<std::string, std::string> found;
    std::istringstream lines(all);
    for (std::string line; std::getline(lines, line);) {
      std::vector<std::string> fields;
      std::istringstream row(line);
      for (std::string field; std::getline(row, field, ',');) fields.push_back(field);
      // pxname, svname, ..., status is the 18th (management.txt, "CSV format").
      if (fields.size() > 17 && fields[1] == "pg1") found[fields[0]] = fields[17];
    }
    return found;
  }

  /// Waits until all backends show what is expected; what they showed last.
  std::map<std::string, std::string> wait_for(const std::map<std::string, std::string>& expected) const {
    const Instant end = boot_now() + 8000ms;
    std::map<std::string, std::string> seen;
    while (boot_now() < end && (seen = statuses()) != expected) poll(nullptr, 0, 20);
    return seen;
  }

 private:
  std::string socket_path() const { return folder_ / "stats"; }
  std::filesystem::path folder_;
  pid_t pid_ = -1;
};

TEST(Haproxy26, TakesServersUpAndDownByTheHealthPage) {
  if (std::system("command -v haproxy >/dev/null 2>&1") != 0) GTEST_SKIP() << "haproxy is not installed";
  std::mutex mutex;
  Snapshot snapshot = scene::primary();
  Pages pages({});
  Served served({.address = "127.0.0.1", .port = 0},
                [&](Method, std::string_view path, std::string_view query) -> const Page& {
                  const std::lock_guard lock(mutex);
                  return pages.page(path, query, &snapshot, scene::now);
                });
  const auto become = [&](Snapshot next) {
    next.generation = snapshot.generation + 1;
    const std::lock_guard lock(mutex);
    snapshot = std::move(next);
  };
  const Haproxy haproxy(served.port());
  using Expected = std::map<std::string, std::string>;
  const Expected primary{{"primary", "UP"}, {"oldstyle", "UP"}, {"plain", "UP"}, {"replica", "DOWN"}};
  const Expected standby{{"primary", "DOWN"}, {"oldstyle", "DOWN"}, {"plain", "DOWN"}, {"replica", "UP"}};
  const Expected down{{"primary", "DOWN"}, {"oldstyle", "DOWN"}, {"plain", "DOWN"}, {"replica", "DOWN"}};
  EXPECT_EQ(haproxy.wait_for(primary), primary);
  become(scene::standby());
  EXPECT_EQ(haproxy.wait_for(standby), standby);
  become(scene::stopped());
  EXPECT_EQ(haproxy.wait_for(down), down);
  become(scene::primary());
  EXPECT_EQ(haproxy.wait_for(primary), primary);
}

}  // namespace
}  // namespace picket
