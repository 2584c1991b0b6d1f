#pragma once
// repmgr.nodes as topology: the query, and the decoder of its rows. A single row of nonsense makes the whole reading an
// error, so that the caller keeps the last good topology: a half-read table would change who the majority is.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/facts.hpp"

namespace picket {

/// One statement, no parameters. The columns are those that decode_nodes() wants, ordered by node_id.
std::string_view nodes_query();

struct NodesResult {
  std::vector<Node> nodes;  ///< empty when there is an error
  std::string error;        ///< empty, or "repmgr.nodes row 2 (node_id 2): conninfo: ..."
};

/// Rows as libpq gives them in text format; nullopt is NULL. An empty table is an error too: nobody is registered.
NodesResult decode_nodes(const std::vector<std::vector<std::optional<std::string>>>& rows);

}  // namespace picket
