#pragma once
// The flight recorder of the daemon: sees every decision, keeps what it may need for a moment, and writes when the
// verdict becomes another. It never waits: the file is written on a thread of its own, and what that thread cannot keep
// up with is dropped and counted. A cluster where nothing happens writes nothing.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flight/record.hpp"
#include "loop/worker.hpp"

namespace picket {

class FlightRecorder {
 public:
  /// Fact changes that are kept until the verdict changes.
  static constexpr size_t lead_in = 8;
  /// Batches that may wait for the disk.
  static constexpr size_t most_waiting = 32;
  /// A verdict that goes to and fro must not push the night before it out of the file: after this many in a row, only
  /// one in so much time is written, and whatever orders something else of PostgreSQL than the one before.
  static constexpr int burst = 100;
  static constexpr Millis one_more_each{20'000};

  /// Records into `path`, a file of `size` bytes (RingFile::least .. most); 0 records nothing.
  FlightRecorder(Loop& loop, const std::string& path, uint64_t size);
  /// Gives the disk a fifth of a second for what is still to be written.
  ~FlightRecorder();
  FlightRecorder(const FlightRecorder&) = delete;
  FlightRecorder& operator=(const FlightRecorder&) = delete;

  /// A decision: decide(before, board, now, policy) gave `verdict`. `changed`: it differs from the one before.
  void decided(const Memory& before, const Board& board, Instant now, const Policy& policy, const Verdict& verdict,
               bool changed);
  /// Something that happened beside the decisions: the end of a fence, an order of an operator.
  void note(const std::string& text, Instant now);

  /// An entry that says how it is: for others, it is not written.
  FlightRecord live(const Memory& memory, const Board& board, Instant now, const Policy& policy,
                    const Verdict& verdict) const;

  /// What keeps it from writing, or what happened to an older file: for the log. Empty when all is well.
  std::vector<std::string> problems() const;

 private:
  struct Disk;
  FlightRecord begin(FlightRecord::Kind kind, Instant now) const;
  bool may_write(bool urgent, Instant now);
  void write_lead_in();
  void write(std::vector<FlightRecord> records);

  std::string path_, boot_id_;
  bool on_;
  std::optional<Board> last_;  ///< of the round before
  std::deque<FlightRecord> lead_in_;
  Action last_action_ = Action::none;  ///< as last written
  int left_ = burst;
  Instant refilled_{};
  uint64_t dropped_ = 0;
  bool slow_ = false;
  std::string error_, notice_;
  std::shared_ptr<Disk> disk_;  ///< used on the worker's thread only
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::unique_ptr<Worker> worker_;
};

}  // namespace picket
