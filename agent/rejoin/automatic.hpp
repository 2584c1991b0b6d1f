#pragma once
// rejoin = "auto": starts picket-rejoin.service on a fenced node when another primary has been proven for a while. And,
// whatever the setting, what the latest attempt came to, for `picket status`. The job looks for itself and decides for
// itself; this only starts it, at most twice for one stale timeline.

#include <functional>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "loop/worker.hpp"
#include "rejoin/record.hpp"
#include "report/snapshot.hpp"
#include "systemd/units.hpp"

namespace picket {

class AutoRejoin {
 public:
  static constexpr int tries = 2;
  static constexpr Millis proven_for{5000};  ///< another primary, without a break, before anything is started
  static constexpr Millis between_tries{30000};

  /// The record is read on `disk`. All references must outlive this.
  AutoRejoin(Loop& loop, Worker& disk, Units& units, const Config& config);

  /// After each decision: starts the job when it is time. `proven` is whether another primary is, just now.
  void consider(const Board& board, bool proven, Instant now);
  /// One sentence about the latest attempt; "" when there was none.
  std::string sentence() const { return record_ ? rejoin_sentence(*record_, alive_) : ""; }

  /// Whether these data are what a broken pg_rewind has left, by the record as last read.
  bool half_rewound(const DiskFacts& disk) const { return record_ && picket::half_rewound(*record_, disk); }

  /// Why the data of this node must not be started as a primary just now: a job is at it, or one was broken off; "" =
  /// nothing is known of that.
  std::string in_the_way(const DiskFacts& disk) const;

 private:
  struct Look {
    std::optional<RejoinRecord> record;
    bool alive = false;
  };
  void look();
  bool may(const Board& board) const;
  void start(Instant now);
  void failed(const std::string& error);

  Worker& disk_;
  Units& units_;
  const Config& config_;
  std::optional<RejoinRecord> record_;
  bool known_ = false;  ///< the record, or that there is none, has been read since the last order
  bool alive_ = false, looking_ = false, starting_ = false;
  std::optional<Instant> proven_since_, last_order_;
  std::string error_;
  Timer each_look_;
  Lifetime lifetime_;
};

}  // namespace picket
