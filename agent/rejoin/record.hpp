#pragma once
// Two small files of the way back: the record of the latest attempt (durable, read by `picket rejoin` and by the
// agent), and the request that tells the job in its unit what it was asked for.

#include <optional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "rejoin/plan.hpp"

namespace picket {

/// What runs the job; the polkit rule names it too.
constexpr const char* rejoin_unit = "picket-rejoin.service";

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
  bool rewinding = false;  ///< pg_rewind has begun to change the data, and has not ended
};

std::string rejoin_record_path(const std::string& state_directory);
/// Nothing when there is none, or none that makes sense.
std::optional<RejoinRecord> read_rejoin_record(const std::string& path);
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
/// Takes the file away. Nothing when there is none, or none that makes sense.
std::optional<RejoinRequest> take_rejoin_request(const std::string& path);

/// The lock that the job holds on this file while it lives (flock(2)).
std::string rejoin_lock_path(const std::string& run_directory);
bool rejoin_runs(const std::string& run_directory);

}  // namespace picket
