#include "config/config.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>

#include "config/checks.hpp"
#include "config/entries.hpp"
#include "config/keys.hpp"
#include "config/values.hpp"

namespace picket {
namespace {

std::vector<std::string> known_paths() {
  std::vector<std::string> paths;
  for (const Key& key : known_keys()) paths.push_back(key.path);
  return paths;
}

std::vector<std::string> known_tables() {
  std::set<std::string> tables;
  for (const std::string& path : known_paths())
    if (const size_t dot = path.find('.'); dot != std::string::npos) tables.insert(path.substr(0, dot));
  return {tables.begin(), tables.end()};
}

std::string unknown(const char* what, const std::string& path, const std::vector<std::string>& candidates) {
  const std::string meant = nearest(path, candidates);
  return std::string("unknown ") + what + " \"" + path + "\"" +
         (meant.empty() ? std::string() : "; did you mean \"" + meant + "\"?");
}

/// Throws Refusal.
void take(Config& config, const Entry& entry) {
  for (const Key& key : known_keys())
    if (key.path == entry.path) {
      try {
        return key.set(config, entry);
      } catch (const Refusal& refusal) {
        throw Refusal{entry.path + ": " + refusal.why};
      }
    }
  const std::vector<std::string> tables = known_tables();
  if (!entry.table) throw Refusal{unknown("key", entry.path, known_paths())};
  if (std::find(tables.begin(), tables.end(), entry.path) == tables.end())
    throw Refusal{unknown("table", entry.path, tables)};
}

}  // namespace

Config load(std::string_view text, const std::string& filename) {
  Config config;
  std::map<std::string, int> lines;
  const auto at = [&](int line) { return filename + ":" + std::to_string(line) + ": "; };
  const std::vector<Entry> entries = read_entries(text, filename);
  for (const Entry& entry : entries) {
    try {
      take(config, entry);
    } catch (const Refusal& refusal) {
      throw ConfigError(at(entry.line) + refusal.why);
    }
    lines[entry.path] = entry.line;
  }
  if (config.role == HostRole::witness)
    for (const Entry& entry : entries)
      if (!entry.table && !concerns_a_witness(entry.path))
        throw ConfigError(at(entry.line) + entry.path +
                          ": role is \"witness\", and a host without PostgreSQL has no such setting");
  // The defaults do not contradict each other, so at least one of the keys is in the file.
  for (const Contradiction& contradiction : contradictions(config)) {
    int line = 0;
    for (const std::string& key : contradiction.keys)
      if (lines.contains(key)) line = std::max(line, lines[key]);
    throw ConfigError(at(line) + contradiction.sentence);
  }
  return config;
}

Config load_file(const std::string& path) {
  const auto unreadable = [&] { return ConfigError(path + ": cannot be read: " + std::strerror(errno)); };
  // Not a stream: whether a stream read all of a file or failed half-way, it says in the same way.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return Config{};
  if (fd < 0) throw unreadable();
  std::string text;
  std::array<char, 8192> bytes;
  ssize_t count = 0;
  while ((count = read(fd, bytes.data(), bytes.size())) > 0) text.append(bytes.data(), static_cast<size_t>(count));
  const ConfigError error = unreadable();
  close(fd);
  if (count < 0) throw error;
  return load(text, path);
}

}  // namespace picket
