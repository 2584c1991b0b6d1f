#include "repmgr/nodes.hpp"

#include <algorithm>
#include <charconv>

#include "repmgr/conninfo_host.hpp"

namespace picket {
namespace {

using Cell = std::optional<std::string>;
using Row = std::vector<Cell>;

// In the order of nodes_query().
enum Column : size_t { c_id, c_upstream, c_active, c_name, c_type, c_priority, c_conninfo, column_count };
constexpr std::string_view column_names[] = {"node_id", "upstream_node_id", "active",  "node_name",
                                             "type",    "priority",         "conninfo"};

struct Nonsense {
  std::string why;
};

[[noreturn]] void refuse(Column column, const std::string& why) {
  throw Nonsense{std::string(column_names[column]) + ": " + why};
}

const std::string& text(const Row& row, Column column) {
  if (!row[column]) refuse(column, "is NULL");
  if (row[column]->empty()) refuse(column, "is empty");
  return *row[column];
}

int number(const Row& row, Column column, int least) {
  const std::string& cell = text(row, column);
  int value = 0;
  const char* const end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  if (error != std::errc() || stop != end) refuse(column, "\"" + cell + "\" is not a number");
  if (value < least) refuse(column, cell + " is less than " + std::to_string(least));
  return value;
}

Node::Type node_type(const Row& row) {
  const std::string& cell = text(row, c_type);
  if (cell == "primary") return Node::Type::primary;
  if (cell == "standby") return Node::Type::standby;
  if (cell == "witness") return Node::Type::witness;
  refuse(c_type, "\"" + cell + "\" is none of primary, standby and witness");
}

bool active(const Row& row) {
  const std::string& cell = text(row, c_active);
  if (cell != "t" && cell != "f") refuse(c_active, "\"" + cell + "\" is neither t nor f");
  return cell == "t";
}

Node decode(const Row& row) {
  if (row.size() != column_count)
    throw Nonsense{"has " + std::to_string(row.size()) + " columns instead of " + std::to_string(column_count)};
  Node node;
  node.id = number(row, c_id, 1);
  node.upstream_id = row[c_upstream] ? number(row, c_upstream, 1) : 0;
  node.active = active(row);
  node.name = text(row, c_name);
  node.type = node_type(row);
  node.priority = number(row, c_priority, 0);
  node.conninfo = text(row, c_conninfo);
  const ConninfoHost where = parse_conninfo_host(node.conninfo);
  if (!where.error.empty()) refuse(c_conninfo, where.error);
  if (where.name().empty()) refuse(c_conninfo, "names no host");
  node.host = where.name();
  node.port = where.port;
  return node;
}

/// "row 2 (node_id 3)": the number helps when the id itself is the nonsense.
std::string name_of(const Row& row, size_t index) {
  std::string name = "repmgr.nodes row " + std::to_string(index + 1);
  if (!row.empty() && row[c_id]) name += " (node_id " + *row[c_id] + ")";
  return name;
}

}  // namespace

std::string_view nodes_query() {
  return "SELECT node_id, upstream_node_id, active, node_name, type, priority, conninfo FROM repmgr.nodes "
         "ORDER BY node_id";
}

NodesResult decode_nodes(const std::vector<std::vector<std::optional<std::string>>>& rows) {
  if (rows.empty()) return {{}, "repmgr.nodes holds no row: no node is registered"};
  NodesResult result;
  for (size_t i = 0; i < rows.size(); ++i) {
    try {
      Node node = decode(rows[i]);
      for (const Node& other : result.nodes) {
        if (other.id == node.id) refuse(c_id, "is there twice");
        if (other.name == node.name) refuse(c_name, "\"" + node.name + "\" is there twice");
      }
      result.nodes.push_back(std::move(node));
    } catch (const Nonsense& nonsense) {
      return {{}, name_of(rows[i], i) + ": " + nonsense.why};
    }
  }
  return result;
}

}  // namespace picket
