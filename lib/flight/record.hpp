#pragma once
// One entry of the flight recorder: a decision with all that went into it, so that it can be decided again, or a note
// of something that happened beside the decisions. Holds no connection string, and so no password. Encoded as CBOR
// with a name for every field (RFC 8949), so that another version of picket can read it.

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide.hpp"

namespace picket {

struct FlightRecord {
  enum class Kind : uint8_t {
    verdict,  ///< the verdict became another
    facts,    ///< a decision shortly before that: the verdict was still the old one, and a fact had changed
    note,     ///< no decision: `note` says what happened
    live,     ///< how it is now; never written, only handed to `picket explain --what-if`
  };
  Kind kind = Kind::verdict;
  int64_t wall_ms = 0;   ///< since 1970
  std::string boot_id;   ///< of the boot that every Instant here counts from; empty where it cannot be read
  std::string version;   ///< of the picket that decided
  uint64_t dropped = 0;  ///< entries since the one before that could not be written, or were too many
  std::string note;
  Memory before;  ///< decide(before, board, now, policy) gave verdict
  Board board;
  Instant now{};
  Policy policy;
  Verdict verdict;
};
std::string_view word(FlightRecord::Kind kind);

/// what() names the field: "board.peers[1].server.session.answer: must be ...".
class BadRecord : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// CBOR. Node::conninfo is left out.
std::string encode(const FlightRecord& record);

/// Reads what encode() made, here or in another version of picket. A field that is not there keeps its default, and
/// one that is not known is passed over; both are named in `unlike`. Everything else that is wrong is a BadRecord.
/// Bounded in depth and memory whatever the bytes are.
FlightRecord decode(std::string_view cbor, std::vector<std::string>& unlike);

/// The same fields as JSON text, for other programs. Text that is not UTF-8 is shown with replacement characters.
std::string to_json(const FlightRecord& record);

}  // namespace picket
