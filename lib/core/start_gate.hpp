#pragma once
// May PostgreSQL start here? The start gate's answer, from the disk and from what the other nodes say. Pure and total:
// a small table over small enums, enumerated completely in tests/core/start_gate_test.cpp, and the reduction of facts
// to its alphabet. It is asked by `picket gate start` before every start, and by the agent for a start that was
// refused.

#include <string>
#include <string_view>

#include "core/facts.hpp"
#include "core/policy.hpp"
#include "core/signals.hpp"

namespace picket {

/// The rows of the start gate (docs/safety.md).
enum class GateRow : uint8_t {
  B1,  ///< fenced
  B2,  ///< starts as a standby
  B3,  ///< a majority shows that nobody else is, or was, the primary
  B4,  ///< another is, or was, the primary after us
  B5,  ///< no majority tells
  B6,  ///< nobody knows which nodes there are
  B7,  ///< the data directory is not what it was, or cannot be read
  B8,  ///< too few nodes to ask
};
std::string_view word(GateRow row);

enum class Admission : uint8_t { allow, refuse, wait };
std::string_view word(Admission admission);

/// What the gate is asked, in the alphabet of its table.
struct GateSignals {
  /// How PostgreSQL would start: as a standby; as a primary; as a primary from a backup (backup_label,
  /// recovery.signal); on what a broken pg_rewind has left, whatever it looks like; nobody can say.
  enum class Disk : uint8_t { unreadable, standby, primary, restored, half_rewound };
  /// The registered nodes: never read here; read once and lost; this one is the witness by its row, and nobody has told
  /// that it has the same data; one; two; more, or two at level lease, where there is a third voter.
  enum class Nodes : uint8_t { never_read, lost, witness, alone, pair, many };
  /// For another primary than this node: none; something that is not enough; proof.
  enum class Evidence : uint8_t { none, challenge, proof };
  /// A majority, this node counted: does not answer; answers as PostgreSQL without telling its role; tells it.
  enum class Voices : uint8_t { silent, answer, tell };

  Disk disk = Disk::unreadable;
  MarkerState marker = MarkerState::none;
  Nodes nodes = Nodes::never_read;
  Evidence evidence = Evidence::none;
  Voices voices = Voices::silent;
  bool foreign = false;    ///< a majority has another system identifier
  bool all_heard = false;  ///< every other node has answered, or had its chance to
  bool expired = false;    ///< nobody waits any longer

  bool operator==(const GateSignals&) const = default;
};

struct GateRuling {
  GateRow row = GateRow::B7;
  Admission admission = Admission::refuse;
  bool stale = false;  ///< proven: the refusal leaves a marker
};

/// The first row that matches.
GateRuling match_gate(const GateSignals& signals);

/// The reduction. `view` is view_cluster() of the same board.
GateSignals gate_signals(const Board& board, const ClusterView& view, const Horizon& horizon, const Policy& policy,
                         bool expired);

struct GateAnswer {
  GateRow row = GateRow::B7;
  Admission admission = Admission::refuse;
  bool stale = false;
  std::string sentence;  ///< for a human, without a number that changes by itself
};

/// Asks the table about this board, whose marker and disk must have been read. Facts of peers from before
/// `horizon.valid_from` (the beginning of the question) do not count.
GateAnswer start_gate(const Board& board, const Horizon& horizon, const Policy& policy, bool expired);

}  // namespace picket
