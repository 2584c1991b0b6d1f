#pragma once
// What the faces show: one verdict with the facts that it was made from. The agent replaces it as a whole; nobody edits
// it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "core/policy.hpp"
#include "core/verdict.hpp"

namespace picket {

/// Planned work on this node, as its operator announced it.
struct Maintenance {
  std::string reason;
  std::string by;   ///< "uid 0"
  Instant until{};  ///< when it ends by itself
};

/// The link to one other agent, as far as it is counted (level lease only).
struct AgentLink {
  int id = 0;
  std::optional<Instant> heard;                           ///< when its latest datagram came that was believed
  std::vector<std::pair<std::string, uint64_t>> dropped;  ///< how many were not, by the reason; only what occurred
  std::string says;                                       ///< its rule and advert, "R12 replica"; empty: nothing yet
};

/// The client gate, where this node has one.
struct ClientGateView {
  int port = 0;
  Instant open_until{};      ///< it closes by itself then; Instant{} when it is closed
  std::string problem;       ///< why it does not do what it should; empty when it does
  bool may_be_open = false;  ///< it is not known to be closed
};

struct Snapshot {
  uint64_t generation = 0;  ///< grows by one whenever the verdict changes
  uint64_t round = 0;       ///< grows by one whenever anything here may have changed
  Instant since{};          ///< when this verdict began
  Instant decided{};        ///< when it was last found to hold
  Level level = Level::guard;
  Millis fresh{1500};  ///< a fact older than this is unknown (policy)
  Verdict verdict;
  Board board;
  std::string fence_phase;  ///< what the fence is doing, "idle" when nothing; empty on a witness
  std::string rejoin;       ///< what the latest way back came to; empty when there was none
  std::optional<Maintenance> maintenance;
  std::vector<AgentLink> links;
  std::optional<ClientGateView> client_gate;
  std::string timeline_history;          ///< the newest history file of pg_wal as it is; empty on timeline 1
  std::vector<std::string> fence_rungs;  ///< what it did, in order, each a short sentence
  std::vector<std::string> problems;     ///< of the agent itself: what it cannot do, and what is configured wrongly
};

/// Puts the verdict of a decision at `now`, with the facts behind it, into the snapshot. Whether it is another verdict
/// than the one before.
bool renew(Snapshot& snapshot, const Verdict& verdict, Board board, Instant now);

}  // namespace picket
