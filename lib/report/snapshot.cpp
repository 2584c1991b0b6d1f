#include "report/snapshot.hpp"

#include <utility>

namespace picket {

bool renew(Snapshot& snapshot, const Verdict& verdict, Board board, Instant now) {
  // An alarm that comes or goes makes no new verdict.
  const bool changed = snapshot.decided == Instant{} || !same_but_for_alarms(verdict, snapshot.verdict);
  if (changed) {
    ++snapshot.generation;
    snapshot.since = now;
  }
  snapshot.verdict = verdict;
  snapshot.decided = now;
  ++snapshot.round;
  snapshot.board = std::move(board);
  return changed;
}

}  // namespace picket
