#include "fence/signals.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "loop/fd.hpp"
#include "loop/read_file.hpp"

namespace picket {
namespace {

enum class Hit { sent, gone, failed };

Hit signal_one(const std::string& data_directory, int pid, int signal) {
  const Fd process{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
  if (!process) return errno == ESRCH ? Hit::gone : Hit::failed;
  switch (is_server_process(pid, data_directory)) {
    case IsServer::no: return Hit::gone;
    case IsServer::unknown: errno = EPERM; return Hit::failed;
    case IsServer::yes: break;
  }
  if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) return Hit::sent;
  return errno == ESRCH ? Hit::gone : Hit::failed;
}

constexpr int ended = -1;  // the process is no more; 0 is a parent outside the PID namespace

int parent_of(int pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat");
  return !text || text->empty() ? ended : parent_in_stat(*text);
}

bool contains(const std::vector<ServerProcess>& processes, int pid) {
  return std::any_of(processes.begin(), processes.end(), [pid](const auto& process) { return process.pid == pid; });
}

}  // namespace

std::string signal_servers(const std::string& data_directory, const std::vector<ServerProcess>& processes, int signal) {
  std::string sent, errors;
  for (const auto& process : processes) {
    const std::string pid = std::to_string(process.pid);
    switch (signal_one(data_directory, process.pid, signal)) {
      case Hit::sent: sent += (sent.empty() ? "sent to " : " ") + pid; break;
      case Hit::failed: errors += (errors.empty() ? "" : "; ") + pid + ": " + strerror(errno); break;
      case Hit::gone: break;
    }
  }
  return sent + (!sent.empty() && !errors.empty() ? "; " : "") + errors;
}

int parent_in_stat(const std::string& text) {
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields{text.substr(name_end + 1)};
  std::string state;
  int parent = 0;
  fields >> state >> parent;
  return fields ? parent : 0;
}

std::vector<ServerProcess> without_parents(const std::vector<ServerProcess>& processes) {
  std::vector<ServerProcess> result;
  for (const auto& process : processes) {
    const int parent = parent_of(process.pid);
    if (parent != ended && !contains(processes, parent)) result.push_back(process);
  }
  return result;
}

std::vector<ServerProcess> parents_first(const std::vector<ServerProcess>& processes) {
  auto order = without_parents(processes);
  for (const auto& process : processes)
    if (!contains(order, process.pid)) order.push_back(process);
  return order;
}

std::vector<ServerProcess> orphans(const std::vector<ServerProcess>& processes) {
  std::vector<int> parents;
  for (const auto& process : processes) parents.push_back(parent_of(process.pid));
  std::vector<ServerProcess> result;
  for (size_t i = 0; i < processes.size(); ++i) {
    const bool has_child = std::find(parents.begin(), parents.end(), processes[i].pid) != parents.end();
    if (parents[i] != ended && !has_child && !contains(processes, parents[i])) result.push_back(processes[i]);
  }
  return result;
}

}  // namespace picket
