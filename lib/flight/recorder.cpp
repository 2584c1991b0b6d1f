#include "flight/recorder.hpp"

#include <time.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <tuple>
#include <utility>

#include "flight/changes.hpp"
#include "flight/ring_file.hpp"
#include "version.hpp"

namespace picket {
namespace {

// A file that cannot be opened is tried again, but not at every verdict.
constexpr int64_t open_again_ms = 10'000;

int64_t milliseconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

// random(4). Hidden by ProcSubset=pid, and then unknown: the time tells as much.
std::string boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

}  // namespace

struct FlightRecorder::Disk {
  RingFile file;
  int64_t tried_ms = -open_again_ms;
  std::string open_error;

  std::string write(const std::vector<FlightRecord>& records) {
    const int64_t now = milliseconds_of(CLOCK_BOOTTIME);
    if (!file.is_open() && now - tried_ms >= open_again_ms) {
      tried_ms = now;
      open_error = file.open();
    }
    if (!file.is_open()) return open_error;
    std::vector<std::string> payloads;
    for (const FlightRecord& record : records) payloads.push_back(encode(record));
    return file.append(payloads);
  }
};

FlightRecorder::FlightRecorder(Loop& loop, const std::string& path, uint64_t size)
    : path_(path), boot_id_(boot_id()), on_(size > 0) {
  if (!on_) return;
  disk_ = std::make_shared<Disk>(Disk{RingFile(path, size), -open_again_ms, ""});
  worker_ = std::make_unique<Worker>(loop);
  note(std::string("picketd ") + version + " started", boot_now());
}

FlightRecorder::~FlightRecorder() {
  const timespec pause{0, 4'000'000};
  for (int i = 0; i < 50 && on_ && worker_->pending() > 0; ++i) nanosleep(&pause, nullptr);
}

FlightRecord FlightRecorder::begin(FlightRecord::Kind kind, Instant now) const {
  FlightRecord record;
  record.kind = kind;
  record.wall_ms = milliseconds_of(CLOCK_REALTIME);
  record.boot_id = boot_id_;
  record.version = version;
  record.now = now;
  return record;
}

bool FlightRecorder::may_write(bool urgent, Instant now) {
  const auto more = (now - refilled_) / one_more_each;
  if (more > 0) {
    left_ = static_cast<int>(std::min<int64_t>(burst, left_ + more));
    refilled_ = now;
  }
  if (left_ == 0 && !urgent) return false;
  left_ = std::max(left_ - 1, 0);
  return true;
}

FlightRecord FlightRecorder::live(const Memory& memory, const Board& board, Instant now, const Policy& policy,
                                  const Verdict& verdict) const {
  FlightRecord record = begin(FlightRecord::Kind::live, now);
  record.before = memory;
  record.board = board;
  record.policy = policy;
  record.verdict = verdict;
  return record;
}

void FlightRecorder::decided(const Memory& before, const Board& board, Instant now, const Policy& policy,
                             const Verdict& verdict, bool changed) {
  if (!on_) return;
  const bool news = !last_ || !fact_changes(*last_, board, now).empty();
  last_ = board;
  if (!news && !changed) return;
  lead_in_.push_back(live(before, board, now, policy, verdict));
  lead_in_.back().kind = changed ? FlightRecord::Kind::verdict : FlightRecord::Kind::facts;
  if (!changed) {
    if (lead_in_.size() > lead_in) lead_in_.pop_front();
    return;
  }
  if (may_write(verdict.action != last_action_, now)) {
    last_action_ = verdict.action;
    write_lead_in();
  } else {
    dropped_ += lead_in_.size();
    lead_in_.clear();
  }
}

// Entries stand in the file in the order of their times.
void FlightRecorder::write_lead_in() {
  write({std::make_move_iterator(lead_in_.begin()), std::make_move_iterator(lead_in_.end())});
  lead_in_.clear();
}

void FlightRecorder::note(const std::string& text, Instant now) {
  if (!on_) return;
  if (!may_write(false, now)) {
    ++dropped_;
    return;
  }
  lead_in_.push_back(begin(FlightRecord::Kind::note, now));
  lead_in_.back().note = text;
  write_lead_in();
}

void FlightRecorder::write(std::vector<FlightRecord> records) {
  slow_ = worker_->pending() >= most_waiting;
  if (slow_) {
    dropped_ += records.size();
    return;
  }
  records.front().dropped = std::exchange(dropped_, 0);
  const auto batch = std::make_shared<const std::vector<FlightRecord>>(std::move(records));
  const auto told = std::make_shared<std::pair<std::string, std::string>>();
  worker_->run(
      [batch, told, disk = disk_] {
        told->first = disk->write(*batch);
        told->second = disk->file.notice();
      },
      [this, batch, told, alive = std::weak_ptr(alive_)] {
        if (alive.expired()) return;
        std::tie(error_, notice_) = *told;
        if (!error_.empty()) dropped_ += batch->size();
      });
}

std::vector<std::string> FlightRecorder::problems() const {
  std::vector<std::string> problems;
  if (slow_) problems.push_back("flight recorder: " + path_ + ": the disk does not keep up, entries are left out");
  for (const std::string& text : {error_, notice_})
    if (!text.empty()) problems.push_back("flight recorder: " + text);
  return problems;
}

}  // namespace picket
