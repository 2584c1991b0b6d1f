#include "node_list.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "files.hpp"

namespace picket {

using nlohmann::json;

NodeList::NodeList(Worker& disk, std::string path) : disk_(disk), path_(std::move(path)) {
  std::ifstream file(path_);
  if (!file) return;
  const json cache = json::parse(file, nullptr, false);
  if (!cache.is_array()) return;
  Rows rows;
  for (const auto& line : cache) {
    if (!line.is_array()) return;
    auto& row = rows.emplace_back();
    for (const auto& cell : line) row.push_back(cell.is_string() ? Cell(cell.get<std::string>()) : Cell());
  }
  NodesResult result = decode_nodes(rows);
  if (!result.error.empty()) return;
  nodes_ = std::move(result.nodes);
  rows_ = std::move(rows);
}

std::string NodeList::take(const Rows& rows) {
  if (rows == rows_) return "";
  NodesResult result = decode_nodes(rows);
  if (!result.error.empty()) return result.error;
  nodes_ = std::move(result.nodes);
  rows_ = rows;
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
