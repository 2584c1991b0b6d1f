#pragma once
// A real HAProxy with the backends of a test; what it makes of their one server is read over its runtime API.

#include <sys/un.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "http/served.hpp"

namespace picket {

inline bool have_haproxy() { return std::system("command -v haproxy >/dev/null 2>&1") == 0; }

class Haproxy {
 public:
  /// `backends` is configuration text: "backend NAME\n ... server pg1 ...".
  explicit Haproxy(const std::string& backends)
      : folder_(std::filesystem::temp_directory_path() / ("picket_haproxy_" + std::to_string(getpid()))) {
    std::filesystem::create_directory(folder_);
    std::ofstream(folder_ / "haproxy.cfg")
        << "global\n  stats socket " << socket_path() << " level admin\n  nbthread 1\n"
        << "defaults\n  mode tcp\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n  timeout check 1s\n"
        << backends;
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
  Haproxy(const Haproxy&) = delete;
  Haproxy& operator=(const Haproxy&) = delete;

  /// Backend to its server's status ("UP", "DOWN", "UP 1/2", "DRAIN", ...), with `weights` followed by the weight;
  /// empty while HAProxy is not there.
  std::map<std::string, std::string> statuses(bool weights = false) const {
    std::map<std::string, std::string> found;
    std::istringstream lines(ask("show stat\n"));
    for (std::string line; std::getline(lines, line);) {
      std::vector<std::string> fields;
      std::istringstream row(line);
      for (std::string field; std::getline(row, field, ',');) fields.push_back(field);
      // pxname, svname, ..., status is the 18th, weight the 19th (management.txt, "CSV format").
      if (fields.size() > 18 && fields[1] == "pg1") found[fields[0]] = fields[17] + (weights ? " " + fields[18] : "");
    }
    return found;
  }

  /// Waits until all backends show what is expected; what they showed last.
  std::map<std::string, std::string> wait_for(const std::map<std::string, std::string>& expected,
                                              bool weights = false) const {
    const Instant end = boot_now() + Millis{15000};
    std::map<std::string, std::string> seen;
    while (boot_now() < end && (seen = statuses(weights)) != expected) poll(nullptr, 0, 20);
    return seen;
  }

 private:
  std::string ask(std::string_view question) const {
    Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    socket_path().copy(to.sun_path, sizeof to.sun_path - 1);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) return {};
    if (write(fd.get(), question.data(), question.size()) < 0) return {};
    std::string all;
    char bytes[4096];
    for (ssize_t n = 0; (n = read(fd.get(), bytes, sizeof bytes)) > 0;) all.append(bytes, static_cast<size_t>(n));
    return all;
  }
  std::string socket_path() const { return folder_ / "stats"; }
  std::filesystem::path folder_;
  pid_t pid_ = -1;
};

}  // namespace picket
