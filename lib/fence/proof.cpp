#include "fence/proof.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>

#include "postgres/processes.hpp"

namespace picket {
namespace {

struct Finding {
  bool dead = false;
  std::string text;
};

// Nothing when the file cannot be read; errno says why.
std::optional<std::string> read_text(const std::string& path) {
  errno = 0;
  std::ifstream in(path);
  if (!in) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad() || (text.empty() && errno != 0)) return std::nullopt;
  return text;
}

bool is_gone(int error) { return error == ENOENT || error == ENODEV; }

// The first hierarchy has no cgroup.events: the processes of the group and of those below it are listed.
Finding listed_processes(const std::string& folder) {
  namespace fs = std::filesystem;
  const auto procs = read_text(folder + "/cgroup.procs");
  if (!procs && !is_gone(errno)) return {false, folder + "/cgroup.procs: " + strerror(errno)};
  if (procs && !procs->empty()) return {false, "not empty"};
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    std::error_code ignored;
    if (!entry.is_directory(ignored)) continue;
    if (auto below = listed_processes(entry.path().string()); !below.dead) return below;
  }
  if (failed && !is_gone(failed.value())) return {false, folder + ": " + failed.message()};
  return {true, "empty"};
}

Finding group_at(const std::string& folder) {
  std::error_code failed;
  if (!std::filesystem::exists(folder, failed)) {
    if (failed) return {false, folder + ": " + failed.message()};
    return {true, "gone"};
  }
  const auto events = read_text(folder + "/cgroup.events");
  if (events) return says_empty(*events) ? Finding{true, "empty"} : Finding{false, "not empty"};
  return listed_processes(folder);
}

Finding control_group(const FenceTarget& target) {
  if (target.control_group.empty()) return {true, "control group: the unit has none"};
  const std::string name = "control group " + target.control_group + ": ";
  const auto mounts = read_text("/proc/self/mounts");
  if (!mounts) return {false, name + "/proc/self/mounts cannot be read"};
  const auto folders = control_group_mounts(*mounts);
  if (folders.empty()) return {false, name + "no cgroup file system of systemd is mounted"};
  Finding all{true, "gone"};
  for (const auto& folder : folders) {
    auto found = group_at(folder + target.control_group);
    if (!found.dead) return {false, name + found.text};
    if (found.text != "gone") all = std::move(found);
  }
  return {true, name + all.text};
}

Finding processes(const FenceTarget& target) {
  const auto found = server_processes(target.data_directory);
  if (!found) return {false, "processes: cannot be looked at"};
  if (found->empty()) return {true, "processes: none with this data directory"};
  std::string text = "processes:";
  for (const auto& process : *found) text += " " + std::to_string(process.pid);
  return {false, text};
}

Finding shared_memory(const FenceTarget& target) {
  if (target.shared_memory_id < 0) return {true, "shared memory: no segment is known"};
  const std::string name = "shared memory " + std::to_string(target.shared_memory_id) + ": ";
  const int attached = shared_memory_attached(target.shared_memory_id);
  if (attached < 0) return {false, name + "cannot be looked at"};
  return {attached == 0, name + std::to_string(attached) + " attached"};
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

std::vector<std::string> control_group_mounts(std::string_view mounts) {
  std::vector<std::string> folders;
  std::istringstream lines{std::string{mounts}};
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

Prover::Prover(FenceTarget target)
    : target_(std::move(target)), doors_(target_.tcp_host, target_.port, target_.socket_folder) {}

Proof Prover::look() {
  Proof proof{true, ""};
  const auto add = [&proof](bool dead, const std::string& text) {
    proof.proved = proof.proved && dead;
    proof.sentence += (proof.sentence.empty() ? "" : "; ") + text;
  };
  for (const auto& look_at : {control_group, processes, shared_memory}) {
    const auto finding = look_at(target_);
    add(finding.dead, finding.text);
  }
  const auto seen = doors_.knock();
  add(seen.closed, seen.text);
  return proof;
}

}  // namespace picket
