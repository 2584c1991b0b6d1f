#include "node_list.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
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
  if (rows == rows_) return "";
  NodesResult result = decode_nodes(rows);
  if (!result.error.empty()) return result.error;
  nodes_ = std::move(result.nodes);
  rows_ = rows;
  cache_error_.clear();
  save(rows);
  return "";
}

void NodeList::save(const Rows& rows) {
  json cache = json::array();
  for (const auto& row : rows) {
    json line = json::array();
    for (const auto& cell : row) line.push_back(cell ? json(*cell) : json());
    cache.push_back(line);
  }
  // It may hold passwords: 0600. A failed write costs nothing but the knowledge after the next start.
  disk_.run([path = path_, text = cache.dump(1)] { (void)write_file(path, text, 0600); }, [] {});
}

}  // namespace picket
