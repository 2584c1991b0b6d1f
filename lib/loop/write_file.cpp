#include "loop/write_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "loop/fd.hpp"

namespace picket {
namespace {

std::string failed(const std::string& path, const char* call) {
  return path + ": " + call + ": " + std::strerror(errno);
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string write_whole(const std::string& path, const std::string& text, mode_t mode, bool sync) {
  const Fd fd{open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)};
  if (!fd) return failed(path, "open");
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(fd.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(path, "write");
    done += static_cast<size_t>(n);
  }
  if (sync && fsync(fd.get()) < 0) return failed(path, "fsync");
  return {};
}

std::string replace(const std::string& path, const std::string& text, mode_t mode, bool sync) {
  const std::string temporary = path + ".new";
  std::string error = write_whole(temporary, text, mode, sync);
  if (error.empty() && rename(temporary.c_str(), path.c_str()) < 0) error = failed(path, "rename");
  if (!error.empty()) unlink(temporary.c_str());
  return error;
}

}  // namespace

std::string write_file(const std::string& path, const std::string& text, mode_t mode) {
  return replace(path, text, mode, false);
}

std::string write_durably(const std::string& path, const std::string& text, mode_t mode) {
  const std::string error = replace(path, text, mode, true);
  return error.empty() ? sync_folder_of(path) : error;
}

std::string sync_path(const std::string& path) {
  const Fd fd{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return failed(path, "open");
  if (fsync(fd.get()) < 0) return failed(path, "fsync");
  return {};
}

std::string sync_folder_of(const std::string& path) { return sync_path(folder_of(path)); }

}  // namespace picket
