#include "postgres/processes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "loop/fd.hpp"

namespace picket {
namespace {

std::string proc_path(int pid, const char* file) { return "/proc/" + std::to_string(pid) + "/" + file; }

std::string read_small(const std::string& path) {
  const Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  char text[1024];
  const ssize_t got = fd ? read(fd.get(), text, sizeof text) : -1;
  return got > 0 ? std::string(text, static_cast<size_t>(got)) : "";
}

std::string link_target(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t got = readlink(path.c_str(), target, sizeof target);
  return got > 0 ? std::string(target, static_cast<size_t>(got)) : "";
}

bool is_server_name(const std::string& comm) { return comm == "postgres\n" || comm == "postmaster\n"; }

// Field 22, in clock ticks since boot. The name in field 2 may hold blanks and brackets: count from the last bracket.
Instant start_of(int pid) {
  const std::string stat = read_small(proc_path(pid, "stat"));
  const size_t bracket = stat.rfind(')');
  if (bracket == stat.npos) return Instant{};
  std::istringstream fields(stat.substr(bracket + 1));
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  int64_t ticks = 0;
  fields >> ticks;
  return Instant{Millis{ticks * 1000 / sysconf(_SC_CLK_TCK)}};
}

}  // namespace

std::optional<uid_t> effective_user_in(const std::string& status) {
  const size_t at = status.find("\nUid:");
  if (at == status.npos) return {};
  std::istringstream fields(status.substr(at + 5));
  uid_t real = 0, effective = 0;
  if (!(fields >> real >> effective)) return {};
  return effective;
}

IsServer is_server_process(int pid, const std::string& data_directory, std::optional<uid_t> owner) {
  if (!is_server_name(read_small(proc_path(pid, "comm")))) return IsServer::no;
  errno = 0;
  const std::string folder = link_target(proc_path(pid, "cwd"));
  if (folder.empty()) {
    if (errno != EACCES && errno != EPERM) return IsServer::no;  // zombies have none
    // Not the owner of /proc/PID, which is root for a process that keeps its memory to itself.
    const auto user = effective_user_in(read_small(proc_path(pid, "status")));
    return owner && user && *user != *owner ? IsServer::no : IsServer::unknown;
  }
  if (folder != data_directory) return IsServer::no;
  // A container may run its own server below the same path; it has its own process numbers too.
  return link_target(proc_path(pid, "ns/pid")) == link_target("/proc/self/ns/pid") ? IsServer::yes : IsServer::no;
}

std::optional<std::vector<ServerProcess>> server_processes(const std::string& data_directory,
                                                           std::optional<uid_t> owner) {
  const std::unique_ptr<DIR, int (*)(DIR*)> proc{opendir("/proc"), closedir};
  if (!proc) return {};
  std::vector<ServerProcess> found;
  while (const dirent* entry = readdir(proc.get())) {
    const int pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    const IsServer is = is_server_process(pid, data_directory, owner);
    if (is == IsServer::unknown) return {};
    if (is == IsServer::yes) found.push_back({pid, start_of(pid)});
  }
  return found;
}

int shared_memory_attached(int shm_id) {
  shmid_ds segment{};
  if (shmctl(shm_id, IPC_STAT, &segment) == 0) return static_cast<int>(segment.shm_nattch);
  return errno == EINVAL || errno == EIDRM ? 0 : -1;
}

}  // namespace picket
