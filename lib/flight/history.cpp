#include "flight/history.hpp"

#include "flight/changes.hpp"
#include "flight/ring.hpp"

namespace picket {

Replay replay(const FlightRecord& record) {
  Replay again;
  again.verdict = decide(record.before, record.board, record.now, record.policy).verdict;
  again.agrees = again.verdict == record.verdict;
  return again;
}

History read_history(std::string_view file) {
  const RingImage image = read_ring(file);
  History history{.error = image.error, .damaged = image.damaged, .entries = {}};
  const FlightRecord* before = nullptr;
  history.entries.reserve(image.entries.size());  // `before` points into it
  for (const RingEntry& found : image.entries) {
    HistoryEntry& entry = history.entries.emplace_back();
    entry.sequence = found.sequence;
    try {
      entry.record = decode(found.payload, entry.unlike);
    } catch (const BadRecord& error) {
      entry.error = "entry " + std::to_string(found.sequence) + " at offset " + std::to_string(found.offset) + ": " +
                    error.what();
      continue;
    }
    if (entry.record->kind == FlightRecord::Kind::note) continue;
    entry.again = replay(*entry.record);
    entry.first =
        !before || before->boot_id != entry.record->boot_id || before->board.started != entry.record->board.started;
    if (!entry.first) entry.changes = fact_changes(before->board, entry.record->board, entry.record->now);
    before = &*entry.record;
  }
  return history;
}

}  // namespace picket
