#pragma once
// The registered nodes as last read well, kept on disk so that a node whose own PostgreSQL is down still knows whom to
// ask.

#include <string>
#include <vector>

#include "loop/lifetime.hpp"
#include "loop/worker.hpp"
#include "postgres/rows.hpp"
#include "repmgr/nodes.hpp"

namespace picket {

/// The cache as it is on disk.
struct NodeCache {
  std::vector<Node> nodes;  ///< empty when there is none, or none that can be used
  std::string error;        ///< it is there, and cannot be read or makes no sense
  Rows rows;
};

/// Reads it, blocking.
NodeCache read_node_cache(const std::string& path);

class NodeList {
 public:
  /// Reads the cache at `path` now (start-up); an unusable one is only a reason to wait for PostgreSQL.
  NodeList(Worker& disk, std::string path);

  /// Empty until a list was read, from the cache or from PostgreSQL.
  const std::vector<Node>& nodes() const { return nodes_; }
  /// Why the cache could not be used, as long as nothing better was read.
  const std::string& cache_error() const { return cache_error_; }
  /// Takes a new reading; on an error the last good list stays. Returns the error, or "".
  std::string take(const Rows& rows);
  /// Why the cache could not be written; each reading tries it again. "" when it is on disk, or on its way.
  const std::string& save_error() const { return save_error_; }

 private:
  void save();
  Worker& disk_;
  std::string path_;
  std::vector<Node> nodes_;
  Rows rows_;
  std::string cache_error_, save_error_;
  bool saving_ = false, unsaved_ = false;
  Lifetime lifetime_;
};

}  // namespace picket
