#include "node_list.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {

using nlohmann::json;

NodeCache read_node_cache(const std::string& path) {
  NodeCache found;
  const auto text = read_file(path);
  if (!text) {
    if (errno != ENOENT) found.error = path + ": " + std::strerror(errno);
    return found;
  }
  const json cache = json::parse(*text, nullptr, false);
  const bool table = cache.is_array() && std::ranges::all_of(cache, [](const json& line) { return line.is_array(); });
  if (!table) {
    found.error = path + ": no table of nodes";
    return found;
  }
  for (const auto& line : cache) {
    auto& row = found.rows.emplace_back();
    for (const auto& cell : line) row.push_back(cell.is_string() ? Cell(cell.get<std::string>()) : Cell());
  }
  NodesResult result = decode_nodes(found.rows);
  if (!result.error.empty()) found.error = path + ": " + result.error;
  found.nodes = std::move(result.nodes);
  return found;
}

NodeList::NodeList(Worker& disk, std::string path) : disk_(disk), path_(std::move(path)) {
  NodeCache cache = read_node_cache(path_);
  cache_error_ = std::move(cache.error);
  if (!cache_error_.empty()) return;
  nodes_ = std::move(cache.nodes);
  rows_ = std::move(cache.rows);
}

std::string NodeList::take(const Rows& rows) {
  if (rows != rows_) {
    NodesResult result = decode_nodes(rows);
    if (!result.error.empty()) return result.error;
    nodes_ = std::move(result.nodes);
    rows_ = rows;
    cache_error_.clear();
    unsaved_ = true;
  }
  save();
  return "";
}

void NodeList::save() {
  if (saving_ || !unsaved_) return;
  saving_ = true;
  unsaved_ = false;
  json cache = json::array();
  for (const auto& row : rows_) {
    json line = json::array();
    for (const auto& cell : row) line.push_back(cell ? json(*cell) : json());
    cache.push_back(line);
  }
  const auto error = std::make_shared<std::string>();
  // It may hold passwords: 0600.
  disk_.run([path = path_, text = cache.dump(1), error] { *error = write_file(path, text, 0600); },
            [this, error, watch = lifetime_.watch()] {
              if (watch.expired()) return;
              saving_ = false;
              save_error_ = *error;
              if (!save_error_.empty()) unsaved_ = true;
            });
}

}  // namespace picket
