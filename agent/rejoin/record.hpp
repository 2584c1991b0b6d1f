#pragma once
// Two small files of the way back: the record of the latest attempt (durable, read by `picket rejoin` and by the
// agent), and the request that tells the job in its unit what it was asked for.

#include <optional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "loop/fd.hpp"
#include "rejoin/plan.hpp"

namespace picket {

/// What runs the job; the polkit rule names it too.
constexpr const char* rejoin_unit = "picket-rejoin.service";

/// A data directory that a clone has put aside is called DATA, this and a time.
constexpr const char* before_rejoin = ".before-rejoin-";

/// What became of the latest attempt.
struct RejoinRecord {
  enum class State : uint8_t { none, running, done, failed };
  State state = State::none;
  std::string by;                  ///< "auto", or who ordered it
  std::string began, ended;        ///< wall clock, for humans
  std::string sentence;            ///< how it ended; what it does, while it runs
  std::vector<std::string> steps;  ///< what was done, in order
  std::string archive;             ///< the folder with the copy of the diverged log; "" = none
  uint32_t timeline = 0;           ///< of this node when it began: attempts are counted per timeline
  Lsn fork = 0;
  int automatic = 0;       ///< attempts of the agent's own on this timeline
  bool final = false;      ///< another attempt of its own would end the same way
  bool rewinding = false;  ///< pg_rewind may have begun to change the data, and is not known to have ended
  std::string aside;       ///< where the old data is while a clone is made in its place; "" = none is under way
};

std::string rejoin_record_path(const std::string& state_directory);
/// Nothing when there is none, or none that makes sense.
std::optional<RejoinRecord> read_rejoin_record(const std::string& path);
/// Whether these data are what a pg_rewind of the record has left half-way. Data of another timeline are others: the
/// rewind ended, or somebody made a copy by hand.
bool half_rewound(const RejoinRecord& record, const DiskFacts& disk);
/// Durable (fsync(2)) when it returns. Returns "" or "PATH: reason".
std::string write_rejoin_record(const std::string& path, const RejoinRecord& record);
/// One sentence for `picket status`; `alive` is whether the job runs. "" when there is nothing to tell.
std::string rejoin_sentence(const RejoinRecord& record, bool alive);

/// What the job was asked for.
struct RejoinRequest {
  Wishes wishes;
  std::string primary;  ///< the operator's word for who it is; "" = a majority's
  std::string by;
};
std::string rejoin_request_path(const std::string& run_directory);
std::string write_rejoin_request(const std::string& path, const RejoinRequest& request);
/// Nothing when there is none, or none that makes sense.
std::optional<RejoinRequest> read_rejoin_request(const std::string& path);
/// The same, and takes the file away. Nothing when there is none, or none that makes sense.
std::optional<RejoinRequest> take_rejoin_request(const std::string& path);

/// Takes the lock that the job holds while it lives (rejoin.lock, fcntl(2) F_OFD_SETLK: who only looks takes none, and
/// is in nobody's way). An empty one when another job has it; throws std::runtime_error when it cannot be made.
Fd lock_rejoin(const std::string& run_directory);
/// Whether a job lives.
bool rejoin_runs(const std::string& run_directory);

}  // namespace picket
