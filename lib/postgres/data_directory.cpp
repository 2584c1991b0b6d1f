#include "postgres/data_directory.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace picket {
namespace {

constexpr uint32_t folder_mask =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr uint32_t wal_mask = IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr uint32_t watch_lost = IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::array<std::string_view, 4> telling_files{"postmaster.pid", "standby.signal", "recovery.signal",
                                                        "promote"};

std::unique_ptr<PathWatch> try_watch(Loop& loop, const std::string& path, uint32_t mask,
                                     std::function<void(uint32_t, const std::string&)> callback) {
  try {
    return std::make_unique<PathWatch>(loop, path, mask, std::move(callback));
  } catch (const std::system_error&) {
    return nullptr;  // the look of each second is left
  }
}

}  // namespace

struct DataDirectory::Look {
  DataDirectory* owner;
  std::string path;
  Instant began;
  bool counts;  ///< the server's processes too, since no postmaster is watched
  DiskReading reading;
  std::optional<std::vector<ServerProcess>> processes;

  void take() {
    reading = read_data_directory(path);
    if (counts && reading.error.empty()) processes = server_processes(reading.canonical_path, reading.owner);
  }
};

DataDirectory::DataDirectory(Loop& loop, Worker& disk, std::string path, std::function<void()> changed)
    : loop_(loop),
      worker_(disk),
      path_(std::move(path)),
      changed_(std::move(changed)),
      each_second_(loop, [this] { second(); }),
      deadline_(loop, [this] { late(); }),
      survivors_timer_(loop, [this] { second(); }) {
  postmaster_.why_unknown = disk_.why_unknown = "not looked yet";
  each_second_.every(Millis{1000});
  look_now();
}

DataDirectory::~DataDirectory() {
  if (running_) running_->owner = nullptr;
}

void DataDirectory::look_now() {
  if (running_) {
    look_again_ = true;
    return;
  }
  running_ = std::make_shared<Look>(Look{this, path_, boot_now(), !postmaster_watch_, {}, {}});
  deadline_.start(look_deadline);
  worker_.run([look = running_] { look->take(); },
              [look = running_] {
                if (look->owner) look->owner->finish(*look);
              });
}

void DataDirectory::finish(const Look& look) {
  const auto keep = std::exchange(running_, nullptr);  // `look` lives in it
  deadline_.stop();
  // A look that began before the postmaster's end cannot tell what it left.
  const bool outdated = postmaster_.ended && look.began < *absent_since_;
  if (!outdated) take(look);
  const PostmasterFacts::Process absent = PostmasterFacts::Process::absent;
  if (postmaster_.process == absent && look.began >= *absent_since_)
    postmaster_.left_pid_file = pid_file_ && !pid_file_->single_user;
  // Nobody is watched any more, and this look did not count what is left.
  const bool uncounted = postmaster_.process == absent && !look.counts;
  if (std::exchange(look_again_, false) || outdated || uncounted) look_now();
  tell();
}

void DataDirectory::second() {
  if (!running_) return look_now();
  // The disk keeps a look: what the kernel says by itself is still new.
  if (postmaster_watch_) postmaster_.seen = boot_now();
  if (postmaster_.ended && boot_now() - *absent_since_ >= ended_for) set_absent();
  if (postmaster_.process == PostmasterFacts::Process::absent)
    count_survivors(server_processes(canonical_path(), owner_));
  tell();
}

void DataDirectory::late() {
  static const std::string why = "the data directory does not answer";
  disk_ = {};
  disk_.why_unknown = why;
  if (postmaster_watch_)
    postmaster_.status.clear();  // the process itself is watched without the disk
  else
    set_unknown(why);
  tell();
}

void DataDirectory::tell() {
  const auto changed = changed_;  // may destroy this
  if (changed) changed();
}

void DataDirectory::take(const Look& look) {
  const DiskReading& reading = look.reading;
  disk_ = reading.disk;
  if (!reading.error.empty()) {
    unwatch_paths();
    pid_file_.reset();
    if (postmaster_watch_)
      postmaster_.status.clear();
    else
      set_unknown(reading.error);
    return;
  }
  canonical_path_ = reading.canonical_path;
  owner_ = reading.owner;
  timeline_history_ = reading.timeline_history;
  watch_paths(reading);
  take_pid_file(reading);
  if (postmaster_.process == PostmasterFacts::Process::absent) count_survivors(look.processes);
}

void DataDirectory::take_pid_file(const DiskReading& reading) {
  pid_file_ = reading.pid_file;
  if (postmaster_watch_) {
    // The pidfd outranks a file that is gone or half-written: a server removes it a moment before it ends.
    postmaster_.seen = boot_now();
    if (!pid_file_ || pid_file_->single_user) return;
    if (pid_file_->pid == postmaster_.pid) {
      postmaster_.status = pid_file_->status;
      return;
    }
    postmaster_watch_.reset();
  }
  if (!reading.pid_file_error.empty()) return set_unknown(reading.pid_file_error);
  if (!pid_file_) return set_absent();
  switch (is_server_process(pid_file_->pid, canonical_path_)) {
    case IsServer::no: return set_absent();
    case IsServer::unknown:
      return set_unknown("may not examine process " + std::to_string(pid_file_->pid) + " named in postmaster.pid");
    case IsServer::yes: break;
  }
  if (pid_file_->single_user) return set_absent();
  watch_postmaster();
}

void DataDirectory::watch_postmaster() {
  const int pid = pid_file_->pid;
  try {
    postmaster_watch_ = std::make_unique<ProcessWatch>(loop_, pid, [this] { postmaster_ended(); });
  } catch (const std::system_error& error) {
    if (error.code().value() == ESRCH) return set_absent();
    return set_unknown(error.what());
  }
  // Between the check and the pidfd the number may have passed to another process.
  if (is_server_process(pid, canonical_path_) != IsServer::yes) {
    postmaster_watch_.reset();
    return set_absent();
  }
  postmaster_ = {PostmasterFacts::Process::alive, "", pid, pid_file_->status, 0, false, false, boot_now()};
  absent_since_.reset();
  survivors_timer_.stop();
}

// Told at once, before anybody looks for what it left: among many processes that takes as long as all else together.
void DataDirectory::postmaster_ended() {
  postmaster_watch_.reset();
  absent_since_ = boot_now();
  postmaster_.ended = true;
  look_now();
  survivors_timer_.start(ended_for + Millis{1});  // by a clock of whole milliseconds no sooner
  tell();
}

void DataDirectory::set_absent() {
  postmaster_ = {PostmasterFacts::Process::absent, "", 0, "", -1, false, false, boot_now()};
  // Not seen to end: a server that is just starting has no file yet, but has not run for a second either.
  if (!absent_since_) absent_since_ = postmaster_.seen - Millis{1000};
}

void DataDirectory::set_unknown(const std::string& why) {
  postmaster_ = {PostmasterFacts::Process::unknown, why, 0, "", 0, false, false, boot_now()};
  survivors_timer_.stop();
}

void DataDirectory::count_survivors(const std::optional<std::vector<ServerProcess>>& processes) {
  // `postgres --single` (pg_rewind runs it) is no survivor of a postmaster.
  const int alone = pid_file_ && pid_file_->single_user ? pid_file_->pid : 0;
  postmaster_.seen = boot_now();
  postmaster_.survivors = -1;
  if (processes)
    postmaster_.survivors = static_cast<int>(std::count_if(processes->begin(), processes->end(), [&](const auto& p) {
      return p.pid != alone && p.started <= *absent_since_;
    }));
  if (postmaster_.survivors > 0)
    survivors_timer_.start(Millis{100});
  else
    survivors_timer_.stop();
}

void DataDirectory::watch_paths(const DiskReading& reading) {
  if (directory_watch_ && watched_device_ == reading.device && watched_inode_ == reading.inode) {
    if (!wal_watch_) watch_wal();
    return;
  }
  watched_device_ = reading.device;
  watched_inode_ = reading.inode;
  directory_watch_ = try_watch(loop_, canonical_path_, folder_mask, [this](uint32_t mask, const std::string& name) {
    if (mask & watch_lost) unwatch_paths();
    const bool telling = std::find(telling_files.begin(), telling_files.end(), name) != telling_files.end();
    if (telling || (mask & (watch_lost | IN_Q_OVERFLOW))) look_now();
  });
  watch_wal();
}

void DataDirectory::watch_wal() {
  wal_watch_ = try_watch(loop_, canonical_path_ + "/pg_wal", wal_mask, [this](uint32_t mask, const std::string& name) {
    if (mask & watch_lost) wal_watch_.reset();
    if (name.ends_with(".history") || (mask & (watch_lost | IN_Q_OVERFLOW))) look_now();
  });
}

void DataDirectory::unwatch_paths() {
  directory_watch_.reset();
  wal_watch_.reset();
}

}  // namespace picket
