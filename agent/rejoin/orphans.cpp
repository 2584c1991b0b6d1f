#include "rejoin/orphans.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "loop/read_file.hpp"

namespace picket {

std::string orphan_of(const std::string& data_directory, const std::string& own_conf) {
  static constexpr std::array<std::string_view, 3> names{"pg_rewind\n", "pg_basebackup\n", "repmgr\n"};
  namespace fs = std::filesystem;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator("/proc", failed)) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != pid.npos) continue;
    // One that ends meanwhile has neither.
    const std::string name = read_file(entry.path() / "comm").value_or("");
    if (std::ranges::find(names, name) == names.end()) continue;
    const std::string words = read_file(entry.path() / "cmdline").value_or("");
    if (words.find(data_directory) != words.npos || words.find(own_conf) != words.npos)
      return name.substr(0, name.size() - 1) + " (process " + pid + ")";
  }
  return "";
}

}  // namespace picket
