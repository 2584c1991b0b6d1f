#pragma once
// One round of questions, for a program that lives for it (the start gate, the way back): what is on this node's disk,
// and what the other nodes say. Blocking; changes nothing.

#include <functional>
#include <string>

#include "config/config.hpp"
#include "core/facts.hpp"
#include "core/signals.hpp"
#include "repmgr/repmgr_conf.hpp"

namespace picket {

class Inquiry {
 public:
  /// The disk and the kept list of nodes are read at once. Both references must outlive this.
  Inquiry(const Config& config, const RepmgrConf& repmgr, const std::string& data_directory);

  /// Asks every other node, and with `here` this node's own server, until `done` is true or `within` has passed since
  /// this was made. `done` is asked after every answer and at least every 50 ms; the board is up to date then. Throws
  /// what it throws.
  void ask(const std::function<bool()>& done, Millis within, bool here);

  Board& board() { return board_; }
  const Board& board() const { return board_; }
  /// Now; what was heard before this was made does not count.
  Horizon horizon() const;
  Instant began() const { return began_; }

 private:
  const Config& config_;
  const RepmgrConf& repmgr_;
  Instant began_;
  Board board_;
};

}  // namespace picket
