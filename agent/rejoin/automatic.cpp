#include "rejoin/automatic.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "core/signals.hpp"
#include "log.hpp"

namespace picket {
namespace {

constexpr Millis look_every{2000};

/// Only what a rejoin cures: what hung or was ordered is somebody's to look at first.
bool curable(const MarkerFacts& marker) {
  if (marker.state != MarkerFacts::State::fenced) return false;
  return std::ranges::all_of(marker.reasons, [](const std::string& reason) {
    return reason == word(FenceReason::stale) || reason == word(FenceReason::isolated) ||
           reason == word(FenceReason::unreachable);
  });
}

/// Whether an operator's order lies there that is not older than his command needs to have it taken.
bool ordered_just_now(const std::string& path) {
  const auto order = read_rejoin_request(path);
  struct stat info {};
  return order && !order->wishes.automatic && stat(path.c_str(), &info) == 0 && time(nullptr) - info.st_mtime < 60;
}

}  // namespace

AutoRejoin::AutoRejoin(Loop& loop, Worker& disk, Units& units, const Config& config)
    : disk_(disk), units_(units), config_(config), each_look_(loop, [this] { look(); }) {
  look();
  each_look_.every(look_every);
}

void AutoRejoin::look() {
  if (looking_) return;
  looking_ = true;
  auto seen = std::make_shared<Look>();
  disk_.run(
      [seen, state = config_.state_directory, run = config_.run_directory] {
        // In this order: a job that ends between the two has written how it ended.
        seen->alive = rejoin_runs(run);
        seen->record = read_rejoin_record(rejoin_record_path(state));
      },
      [this, seen, watch = lifetime_.watch()] {
        if (watch.expired()) return;
        looking_ = false;
        known_ = true;
        record_ = std::move(seen->record);
        alive_ = seen->alive;
      });
}

bool AutoRejoin::may(const Board& board) const {
  const bool stopped = board.postmaster.process == PostmasterFacts::Process::absent &&
                       board.postmaster.survivors == 0 && !board.fence_in_progress;
  if (!known_ || alive_ || starting_ || !stopped || board.disk.standby_signal || !curable(board.marker)) return false;
  const bool same = record_ && record_->timeline == disk_timeline(board.disk);
  return !same || (!record_->final && record_->automatic < tries);
}

void AutoRejoin::consider(const Board& board, bool proven, Instant now) {
  if (!proven) proven_since_.reset();
  if (proven && !proven_since_) proven_since_ = now;
  if (!config_.rejoin.automatic || !proven_since_ || now - *proven_since_ < proven_for) return;
  if (last_order_ && now - *last_order_ < between_tries) return;
  if (may(board)) start(now);
}

void AutoRejoin::start(Instant now) {
  // Somebody has just ordered it, and his job takes this file in a moment.
  if (ordered_just_now(rejoin_request_path(config_.run_directory))) return;
  last_order_ = now;
  const RejoinRequest request{{false, false, true, config_.rejoin.max_lost}, "", "auto"};
  if (const std::string error = write_rejoin_request(rejoin_request_path(config_.run_directory), request);
      !error.empty())
    return failed(error);
  log(Priority::notice, std::string("rejoin = auto: starting ") + rejoin_unit);
  starting_ = true;
  known_ = false;  // what was read is older than this order
  units_.reset_failed(rejoin_unit, [this, watch = lifetime_.watch()](const std::string&) {
    if (watch.expired()) return;
    units_.start_unit(
        rejoin_unit,
        [this, watch](const std::string& error) {
          if (watch.expired() || error.empty()) return;
          starting_ = false;
          look();
          failed(error);
        },
        [this, watch](const std::string& result) {
          if (watch.expired()) return;
          starting_ = false;
          look();
          if (result != "done") failed("its job ended: " + result);
        });
  });
}

std::string AutoRejoin::in_the_way(const DiskFacts& disk) const {
  if (alive_ || starting_)
    return "a rejoin is under way: wait for its end, or systemctl stop " + std::string(rejoin_unit);
  if (half_rewound(disk)) return "a rewind was broken off and left data that is good for nothing: picket rejoin";
  return "";
}

void AutoRejoin::failed(const std::string& error) {
  if (error != error_) log(Priority::error, std::string("the way back: ") + rejoin_unit + ": " + error);
  error_ = error;
}

}  // namespace picket
