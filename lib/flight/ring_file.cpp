#include "flight/ring_file.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "loop/write_file.hpp"

namespace picket {
namespace {

std::string failed(const std::string& path, int error = errno) { return path + ": " + strerror(error); }

// Regular files only: a FIFO would keep us waiting for ever.
std::optional<std::string> read_all(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return {};
  if (!S_ISREG(info.st_mode) || info.st_size > static_cast<off_t>(RingFile::most)) {
    errno = S_ISREG(info.st_mode) ? EFBIG : EINVAL;
    return {};
  }
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = pread(fd, bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {};
    if (got == 0) break;  // cut short meanwhile
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

bool write_at(int fd, uint64_t offset, const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    done += static_cast<size_t>(wrote);
  }
  return true;
}

}  // namespace

std::optional<std::string> read_ring_file(const std::string& path) {
  const Fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return {};
  return read_all(fd.get());
}

std::string RingFile::open() {
  notice_.clear();
  cursor_.reset();
  fd_ = Fd{::open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!fd_ && errno == ENOENT) return make({});
  // A directory, a link or a device where the file should be.
  if (!fd_ && (errno == EISDIR || errno == ELOOP || errno == ENXIO)) return set_aside(strerror(errno));
  if (!fd_) return failed(path_);
  const auto bytes = read_all(fd_.get());
  if (!bytes && (errno == EINVAL || errno == EFBIG)) return set_aside("is no file of ours");
  std::string error = bytes ? take(read_ring(*bytes)) : failed(path_);
  if (!error.empty()) fd_ = {};
  return error;
}

std::string RingFile::take(const RingImage& image) {
  if (!image.error.empty()) return set_aside(image.error);
  if (image.header.size != size_) return make(image.entries);
  cursor_.emplace(image);
  return "";
}

std::string RingFile::set_aside(const std::string& why) {
  for (int i = 0; i < 10; ++i) {
    const std::string aside = path_ + ".bad" + (i > 0 ? std::to_string(i) : "");
    if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) != 0) {
      if (errno == EEXIST) continue;
      return failed(path_) + " when it was to be renamed, for it " + why;
    }
    notice_ = path_ + ": " + why + "; it is now " + aside + ", and a new recording begins";
    return make({});
  }
  return path_ + ": " + why + ", and there are ten of that kind beside it already: remove them";
}

// Under another name first: a crash leaves the old file or the new one. Its blocks are there from the beginning, so
// that a full disk does not end the recording.
std::string RingFile::make(const std::vector<RingEntry>& entries) {
  const std::string fresh = path_ + ".new";
  fd_ = Fd{::open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640)};
  if (!fd_) return failed(fresh);
  RingHeader header{.size = size_};
  const auto give_up = [&](int error) {
    fd_ = {};
    unlink(fresh.c_str());
    return failed(path_, error);
  };
  if (getrandom(&header.id, sizeof header.id, 0) != static_cast<ssize_t>(sizeof header.id)) return give_up(errno);
  if (const int error = posix_fallocate(fd_.get(), 0, static_cast<off_t>(size_)); error != 0) return give_up(error);
  // Whatever the umask: the group of the owner may read it.
  if (fchmod(fd_.get(), 0640) != 0 || !write_at(fd_.get(), 0, header.encode())) return give_up(errno);
  // The newest of an older file, and their numbers go on.
  uint64_t room = size_ - RingHeader::region;
  auto first = entries.end();
  for (; first != entries.begin(); --first) {
    const uint64_t length = std::prev(first)->payload.size();
    if (length > longest_payload(size_) || length + 64 > room) break;
    room -= length + 64;  // more than a frame needs
  }
  std::vector<std::string> payloads;
  for (auto entry = first; entry != entries.end(); ++entry) payloads.push_back(entry->payload);
  cursor_.emplace(header, entries.empty() ? 1 : entries.back().sequence + 1 - payloads.size());
  if (const std::string error = append(payloads); !error.empty()) return give_up(errno);
  if (fsync(fd_.get()) != 0 || rename(fresh.c_str(), path_.c_str()) != 0) return give_up(errno);
  (void)sync_folder_of(path_);  // what a power cut may take is the recording alone
  return "";
}

std::string RingFile::append(const std::vector<std::string>& payloads) {
  struct stat info {};
  if (fd_ && fstat(fd_.get(), &info) == 0 && info.st_nlink == 0)  // somebody removed it
    if (const std::string error = open(); !error.empty()) return error;
  if (!fd_ || !cursor_) return path_ + ": is not open";
  for (const std::string& payload : payloads) {
    const auto writes = cursor_->add(payload);
    if (writes.empty()) return path_ + ": an entry of " + std::to_string(payload.size()) + " bytes is too long for it";
    for (const auto& write : writes)
      if (!write_at(fd_.get(), write.offset, write.bytes)) return failed(path_);
  }
  return fdatasync(fd_.get()) == 0 ? "" : failed(path_);
}

}  // namespace picket
