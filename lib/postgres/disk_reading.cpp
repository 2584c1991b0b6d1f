#include "postgres/disk_reading.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "loop/fd.hpp"

namespace picket {
namespace {

std::string why(const std::string& path) { return path + ": " + std::strerror(errno); }

// Up to `most` bytes of a file; false with errno set.
bool read_file(const std::string& path, size_t most, std::vector<unsigned char>& into) {
  const Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return false;
  into.resize(most);
  size_t have = 0;
  while (have < most) {
    const ssize_t got = read(fd.get(), into.data() + have, most - have);
    if (got < 0) return false;
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  into.resize(have);
  return true;
}

void read_pid_file(const std::string& path, DiskReading& reading) {
  std::vector<unsigned char> bytes;
  if (!read_file(path, 8192, bytes)) {
    if (errno == ENOENT) return;
    reading.pid_file_error = why(path);
    return;
  }
  reading.pid_file = parse_postmaster_pid(std::string(bytes.begin(), bytes.end()), reading.pid_file_error);
  if (reading.pid_file && reading.pid_file->pid == 0) {
    reading.pid_file.reset();
    reading.pid_file_error = "postmaster.pid is empty";
  }
}

bool read_signal(const std::string& path, bool& there, std::string& error) {
  there = access(path.c_str(), F_OK) == 0;
  if (there || errno == ENOENT) return true;
  error = why(path);
  return false;
}

bool read_control(const std::string& path, DiskFacts& disk) {
  // A server that writes the file while it is read gives a wrong checksum once or twice, not five times.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(Millis{5});
    std::vector<unsigned char> bytes;
    if (!read_file(path, 8192, bytes)) {
      disk.why_unknown = why(path);
      return false;
    }
    if (const auto control = parse_pg_control(bytes, disk.why_unknown)) {
      disk.system_identifier = control->system_identifier;
      disk.checkpoint_timeline = control->checkpoint_timeline;
      disk.recovery_timeline = control->min_recovery_timeline;
      disk.control_state = control->state;
      return true;
    }
  }
  return false;
}

/// A promotion writes its history file before the control file names its timeline: the next numbers are tried too.
std::string read_history(const std::string& wal, uint32_t timeline) {
  std::string newest;
  for (uint32_t next = std::max(timeline, uint32_t{2});; ++next) {
    char name[24];
    std::snprintf(name, sizeof name, "%08X.history", next);
    std::vector<unsigned char> bytes;
    if (!read_file(wal + name, 65536, bytes)) {
      if (next > timeline) return newest;
      continue;  // perhaps archived and removed
    }
    newest.assign(bytes.begin(), bytes.end());
  }
}

}  // namespace

DiskReading read_data_directory(const std::string& path) {
  DiskReading reading;
  char resolved[PATH_MAX];
  struct stat info {};
  if (!realpath(path.c_str(), resolved) || stat(resolved, &info) != 0) {
    reading.error = reading.disk.why_unknown = why(path);
    return reading;
  }
  if (!S_ISDIR(info.st_mode)) {
    reading.error = reading.disk.why_unknown = path + ": not a directory";
    return reading;
  }
  reading.canonical_path = resolved;
  reading.owner = info.st_uid;
  reading.device = info.st_dev;
  reading.inode = info.st_ino;
  const std::string folder = reading.canonical_path + "/";
  read_pid_file(folder + "postmaster.pid", reading);
  auto& disk = reading.disk;
  disk.known = read_signal(folder + "standby.signal", disk.standby_signal, disk.why_unknown) &&
               read_signal(folder + "recovery.signal", disk.recovery_signal, disk.why_unknown) &&
               read_signal(folder + "backup_label", disk.backup_label, disk.why_unknown) &&
               read_control(folder + "global/pg_control", disk);
  if (disk.known)
    reading.timeline_history =
        read_history(folder + "pg_wal/", std::max(disk.checkpoint_timeline, disk.recovery_timeline));
  return reading;
}

}  // namespace picket
