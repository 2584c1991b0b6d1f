#include "fence/control_group.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "loop/fd.hpp"
#include "loop/read_file.hpp"

namespace picket {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> mounts() {
  const auto text = read_file("/proc/self/mounts");
  return text ? control_group_mounts(*text) : std::vector<std::string>{};
}

bool is_gone(int error) { return error == ENOENT || error == ENODEV; }

// The processes in a folder and below it. False when it could not be looked at; `why` says more. A group that goes away
// meanwhile has none.
bool members(const std::string& folder, std::vector<int>& pids, std::string& why) {
  const auto procs = read_file(folder + "/cgroup.procs");
  if (!procs && !is_gone(errno)) {
    why = folder + "/cgroup.procs: " + strerror(errno);
    return false;
  }
  std::istringstream numbers{procs.value_or("")};
  for (int pid = 0; numbers >> pid;) pids.push_back(pid);
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    std::error_code ignored;
    if (entry.is_directory(ignored) && !members(entry.path().string(), pids, why)) return false;
  }
  if (failed && !is_gone(failed.value())) why = folder + ": " + failed.message();
  return why.empty();
}

GroupSeen look_at_folder(const std::string& folder) {
  std::error_code failed;
  if (!fs::exists(folder, failed))
    return failed ? GroupSeen{false, folder + ": " + failed.message()} : GroupSeen{true, "gone"};
  // Only the second hierarchy has the file; in the first one the processes are counted.
  if (const auto events = read_file(folder + "/cgroup.events"))
    return says_empty(*events) ? GroupSeen{true, "empty"} : GroupSeen{false, "not empty"};
  std::vector<int> pids;
  std::string why;
  if (!members(folder, pids, why)) return {false, why};
  return pids.empty() ? GroupSeen{true, "empty"} : GroupSeen{false, "not empty"};
}

// A line of /proc/PID/cgroup ends with the group's path.
bool is_member(int pid, const std::string& group) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/cgroup");
  if (!text) return false;
  return text->find(":" + group + "\n") != std::string::npos || text->find(":" + group + "/") != std::string::npos;
}

// proc(5): space, tab, newline and backslash are written as three octal digits.
std::string without_escapes(const std::string& field) {
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    const auto octal = [&](size_t at) { return field[at] >= '0' && field[at] <= '7'; };
    if (field[i] == '\\' && i + 3 < field.size() && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0'));
      i += 3;
    } else {
      text += field[i];
    }
  }
  return text;
}

}  // namespace

GroupSeen look_at_group(const std::string& group) {
  const auto folders = mounts();
  if (folders.empty()) return {false, "no cgroup file system of systemd is mounted"};
  GroupSeen all{true, "gone"};
  for (const auto& folder : folders) {
    auto seen = look_at_folder(folder + group);
    if (!seen.empty) return seen;
    if (seen.text != "gone") all = std::move(seen);
  }
  return all;
}

std::string signal_group(const std::string& group, const std::string& unit, int signal) {
  if (unit.empty() || !group.ends_with("/" + unit)) return {};
  std::vector<int> pids;
  std::string ignored;
  for (const auto& folder : mounts()) members(folder + group, pids, ignored);
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  std::string sent, errors;
  for (const int pid : pids) {
    if (pid <= 1 || pid == getpid()) continue;  // 0: of another pid name space
    const Fd process{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
    if (!process || !is_member(pid, group)) continue;
    if (syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) {
      sent += (sent.empty() ? "sent to " : " ") + std::to_string(pid);
    } else if (errno != ESRCH) {
      errors += (errors.empty() ? "" : "; ") + std::to_string(pid) + ": " + strerror(errno);
    }
  }
  return sent + (!sent.empty() && !errors.empty() ? "; " : "") + errors;
}

std::vector<std::string> control_group_mounts(std::string_view mounts_text) {
  std::vector<std::string> folders;
  std::istringstream lines{std::string{mounts_text}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields{line};
    std::string device, folder, type, options;
    if (!(fields >> device >> folder >> type >> options)) continue;
    const bool of_systemd = ("," + options + ",").find(",name=systemd,") != std::string::npos;
    if (type == "cgroup2" || (type == "cgroup" && of_systemd)) folders.push_back(without_escapes(folder));
  }
  return folders;
}

bool says_empty(std::string_view events) {
  std::istringstream words{std::string{events}};
  std::string name, value;
  while (words >> name >> value)
    if (name == "populated") return value == "0";
  return false;
}

}  // namespace picket
