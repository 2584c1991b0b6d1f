#pragma once
// The registered nodes as last read well, kept on disk so that a node whose own PostgreSQL is down still knows whom to
// ask.

#include <string>
#include <vector>

#include "loop/worker.hpp"
#include "postgres/rows.hpp"
#include "repmgr/nodes.hpp"

namespace picket {

class NodeList {
 public:
  /// Reads the cache at `path` now (start-up); an unusable one is only a reason to wait for PostgreSQL.
  NodeList(Worker& disk, std::string path);

  /// Empty until a list was read, from the cache or from PostgreSQL.
  const std::vector<Node>& nodes() const { return nodes_; }
  /// Takes a new reading; on an error the last good list stays. Returns the error, or "".
  std::string take(const Rows& rows);

 private:
  void save(const Rows& rows);
  Worker& disk_;
  std::string path_;
  std::vector<Node> nodes_;
  Rows rows_;
};

}  // namespace picket
