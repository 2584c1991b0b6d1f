#include "instance.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "loop/read_file.hpp"
#include "repmgr/conf_lines.hpp"

namespace picket {
namespace fs = std::filesystem;

std::string data_directory_of(const std::string& instance, const std::string& etc) {
  if (instance.starts_with('/')) return instance;
  // As systemd's %I: the version ends at the first dash, and the name may hold more of them.
  const size_t dash = instance.find('-');
  if (dash == std::string::npos || dash == 0 || dash + 1 == instance.size() || instance.find('/') != std::string::npos)
    throw std::runtime_error("\"" + instance + "\" is neither VERSION-NAME nor an absolute path");
  const std::string version = instance.substr(0, dash), name = instance.substr(dash + 1);
  const std::string path = etc + "/" + version + "/" + name + "/postgresql.conf";
  const auto text = read_file(path);
  if (!text) throw std::runtime_error(path + ": cannot be read: " + std::strerror(errno));
  std::string found = "/var/lib/postgresql/" + version + "/" + name;
  // The server itself judges the rest of the file.
  for (const auto& setting : read_conf_lines(*text).settings)
    if (setting.name == "data_directory") found = setting.value;
  return found;
}

bool same_directory(const std::string& one, const std::string& other) {
  std::error_code failed;
  const auto real = [&](const std::string& path) {
    fs::path found = fs::weakly_canonical(path, failed);
    if (failed) found = fs::path(path).lexically_normal();
    return found.has_filename() ? found : found.parent_path();
  };
  return real(one) == real(other);
}

}  // namespace picket
