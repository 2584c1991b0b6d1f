#pragma once
// From raw facts to the alphabet of the table: what counts as reachable, who follows whom, what the postmaster is
// doing. Pure functions; each reduction is a table test in tests/core/signals_test.cpp.

#include <string>
#include <vector>

#include "core/facts.hpp"
#include "core/policy.hpp"
#include "core/table.hpp"

namespace picket {

/// The moment before which facts are void, and what else decide() lends to the reduction.
struct Horizon {
  Instant now{};
  Instant valid_from{};     ///< facts asked for before this (agent start, or the end of a gap) do not count
  Instant primary_since{};  ///< of this server: who streamed from another one after this, did so after our promotion
  Instant started_since{};  ///< of this server, if it was started as a primary: nobody asked for its lease meanwhile
};

/// What the marker means to the tables; a malformed one fences.
MarkerState marker_state(const MarkerFacts& marker);

/// Fenced so that another might take over (R11).
bool stepped_down(const MarkerFacts& marker);

/// The timeline on which this data directory would go on; 0 unknown.
uint32_t disk_timeline(const DiskFacts& disk);

/// True when the server's facts are recent and its held session answered last.
bool is_fresh(const ServerView& server, const Horizon& horizon, const Policy& policy);

/// Whether this node is the witness. A row of repmgr.nodes that somebody edited makes no witness of a node with the
/// cluster's data: repmgr's is one only when another node has told its system identifier, none has told ours, and its
/// server is not in recovery. A node without PostgreSQL, which has no list of nodes, is one by its configuration.
IsWitness witness_of(const Board& board);

/// The board of a witness without PostgreSQL: what there is nothing of is unknown for that reason.
Board board_of_a_witness(int id, Instant started);

/// What the local postmaster is doing, from the process, postmaster.pid and both ways of asking.
Postmaster postmaster_state(const Board& board, const Horizon& horizon, const Policy& policy);

/// How long new connections have gone unanswered.
Hang hang_of(const Board& board, const Horizon& horizon, const Policy& policy);

/// Who else might be the primary, and what stands behind it.
struct RivalView {
  Rival rival = Rival::none;           ///< up to `proven`; decide() turns that into `confirmed`
  const Peer* peer = nullptr;          ///< the node meant, when it is registered
  std::vector<std::string> followers;  ///< names of the nodes that stream from it
  uint32_t timeline = 0;               ///< of the rival, by its own word or by that of its followers
  bool seen = true;                    ///< it was asked itself; otherwise only its followers were
  bool other_data = false;             ///< a primary with another system identifier
  bool by_lease = false;               ///< it is named by a lease that is newer than ours
  Instant look{};                      ///< when the rival, or the last follower that tells of it, was asked
};

/// The whole cluster as seen from here.
struct ClusterView {
  int nodes = 1;                      ///< registered, self included
  int majority = 1;                   ///< how many of them make one
  Majority reach = Majority::lost;    ///< at level lease: of the voters
  Majority answers = Majority::lost;  ///< of the nodes' servers, at any level
  bool foreign = false;
  RivalView rival;
  std::vector<std::string> own_followers;
  size_t own_voices = 0;           ///< how many of them say so themselves
  const Peer* upstream = nullptr;  ///< the primary that this standby streams from
  const Peer* missing = nullptr;   ///< a standby without a primary: who repmgr.nodes says it was, silent for long
  bool nobody_promoted = false;    ///< a majority answers, all in recovery, on the marker's timeline and our system
  bool verified_standby = false;   ///< streams from a known primary, on its timeline and system identifier
};
ClusterView view_cluster(const Board& board, const Horizon& horizon, const Policy& policy);

}  // namespace picket
