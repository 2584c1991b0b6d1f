// The blocking half of marker.hpp: one file, read and written whole.
#include <fcntl.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "fence/marker.hpp"
#include "loop/fd.hpp"
#include "loop/write_file.hpp"

namespace picket {
namespace {

constexpr size_t largest = 64 * 1024;

std::string failed(const std::string& path, const char* call) { return path + ": " + call + ": " + strerror(errno); }

std::string remove_file(const std::string& path) {
  if (unlink(path.c_str()) < 0) {
    // No folder and no file are the same to us: nothing there fences.
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return failed(path, "unlink");
  }
  return sync_folder_of(path);
}

std::string boot_id() {
  sd_id128_t id{};
  if (sd_id128_get_boot(&id) < 0) return {};  // /proc/sys may be hidden from us; it is for humans only
  char text[SD_ID128_STRING_MAX];
  return sd_id128_to_string(id, text);
}

}  // namespace

MarkerFile read_marker(const std::string& path) {
  MarkerFile file;
  const auto unreadable = [&](const char* call) {
    file.state = MarkerFile::State::unreadable;
    file.why = failed(path, call);
    return file;
  };
  const Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return errno == ENOENT ? file : unreadable("open");
  std::string text(largest + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = read(fd.get(), text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable("read");
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  text.resize(size);
  try {
    if (size > largest) throw std::runtime_error("longer than 64 KiB");
    file.marker = decode(text);
    file.state = MarkerFile::State::present;
  } catch (const std::exception& error) {
    file.state = MarkerFile::State::malformed;
    file.why = path + ": " + error.what();
  }
  return file;
}

std::string write_marker(const std::string& path, const Marker& marker) {
  if (marker.reasons.empty()) return remove_file(path);
  Marker stamped = marker;
  stamped.boot_id = boot_id();
  return write_durably(path, encode(stamped), 0644);
}

std::string wall_clock_now() {
  const time_t now = time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  char text[sizeof "2000-01-01T00:00:00Z" + 8];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace picket
