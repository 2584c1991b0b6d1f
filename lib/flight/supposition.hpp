#pragma once
// The cluster of a board as a model that words can change: what each server is, and how it behaves towards this node.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flight/model_probe.hpp"

namespace picket {

class Supposition {
 public:
  explicit Supposition(const Board& now);

  /// Takes one clause, such as "pg2 unreachable". Returns "" or what is wrong with it.
  std::string take(std::string_view clause);

  /// The board, without what the probes will see: that comes as they ask.
  Board board;
  std::map<int, ServerFacts> truth;  ///< by node; self too
  std::map<int, Says> says;
  std::vector<std::string> supposed;  ///< a sentence for each clause

 private:
  struct Place {
    std::string host;
    int port;
  };
  std::string of_peer(const Peer& peer, const std::vector<std::string>& words);
  std::string of_local(const std::vector<std::string>& words);
  std::string take_upstream(int id, const std::string& name);
  const Peer* peer(std::string_view name) const;
  int id_of(std::string_view name) const;
  Place place_of(int id) const;
  std::string name_of(int id) const;
  void cut_streams(int id, bool to_it);
  void promote(int id);
  void follow(int id, int upstream);
};

}  // namespace picket
