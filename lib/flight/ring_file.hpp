#pragma once
// The ring on a disk. Every call may wait for it: use it on a Worker of its own.

#include <optional>
#include <string>
#include <vector>

#include "flight/ring.hpp"
#include "loop/fd.hpp"

namespace picket {

class RingFile {
 public:
  static constexpr uint64_t least = 256 * 1024, most = 1024 * 1024 * 1024;

  /// `size` in bytes, `least` .. `most`.
  RingFile(std::string path, uint64_t size) : path_(std::move(path)), size_(size) {}

  /// Opens the file, or makes it, whole at once (mode 0640). One of another size goes on in a new one with the newest
  /// entries that fit. What is no ring is renamed to the first free of PATH.bad, PATH.bad1 .. PATH.bad9, never
  /// overwritten. Returns "" or "PATH: reason".
  std::string open();
  bool is_open() const { return static_cast<bool>(fd_); }
  /// What open() did that an administrator should know; empty when nothing.
  const std::string& notice() const { return notice_; }

  /// Adds the entries and waits until they are on the disk (fdatasync(2)). Returns "" or "PATH: reason"; after an error
  /// the entries may be lost, and the file is open still.
  std::string append(const std::vector<std::string>& payloads);

 private:
  std::string take(const RingImage& image);
  std::string set_aside(const std::string& why);
  std::string make(const std::vector<RingEntry>& entries);
  std::string path_;
  uint64_t size_;
  Fd fd_;
  std::optional<RingCursor> cursor_;
  std::string notice_;
};

/// The whole file; nothing, with errno set, when it cannot be read or is longer than a ring can be.
std::optional<std::string> read_ring_file(const std::string& path);

}  // namespace picket
