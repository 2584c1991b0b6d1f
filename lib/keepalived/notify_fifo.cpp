#include "keepalived/notify_fifo.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace picket {
namespace {

constexpr Millis look_again{1000};
// Keepalived's own lines hold an instance name and three words; anything longer is not from it.
constexpr size_t longest_line = 1024;

}  // namespace

NotifyFifo::NotifyFifo(Loop& loop, std::string path, std::function<void(const NotifyEvent&)> heard)
    : loop_(loop), path_(std::move(path)), heard_(std::move(heard)), again_(loop, [this] { look(); }) {
  look();
  again_.every(look_again);
}

NotifyFifo::~NotifyFifo() { *alive_ = false; }

/// Keepalived removes a FIFO that it made itself at every reload: what is open must also be what the path names.
bool NotifyFifo::in_place() const {
  struct stat opened {
  }, named{};
  return fd_ && fstat(fd_.get(), &opened) == 0 && lstat(path_.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

void NotifyFifo::look() {
  if (in_place()) return;
  io_.reset();
  fd_.reset();
  pending_.clear();
  open_fifo();
}

void NotifyFifo::open_fifo() {
  if (mkfifo(path_.c_str(), 0600) < 0 && errno != EEXIST) {
    problem_ = path_ + ": cannot be made: " + std::strerror(errno);
    return;
  }
  // O_NOFOLLOW: the folder belongs to the agent's user, but a link in the place of the FIFO is still no FIFO.
  Fd fd(open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) {
    problem_ = path_ + ": cannot be opened: " + std::strerror(errno);
    return;
  }
  struct stat status {};
  if (fstat(fd.get(), &status) < 0 || !S_ISFIFO(status.st_mode)) {
    problem_ = path_ + ": is not a FIFO; remove it, so that the notifications of Keepalived can be heard";
    return;
  }
  problem_.clear();
  fd_ = std::move(fd);
  io_ = std::make_unique<Io>(loop_, fd_.get(), EPOLLIN, [this](uint32_t) { read_lines(); });
}

/// One read for each time the loop comes by: a flood of lines does not keep it from its other work.
void NotifyFifo::read_lines() {
  std::array<char, 16384> bytes;
  const ssize_t count = read(fd_.get(), bytes.data(), bytes.size());
  if (count < 0 && errno != EAGAIN && errno != EINTR) {
    problem_ = path_ + ": cannot be read: " + std::strerror(errno);
    io_.reset();
    fd_.reset();
  }
  if (count <= 0) return;
  std::string text = std::move(pending_) + std::string(bytes.data(), static_cast<size_t>(count));
  pending_.clear();
  take(text);
}

void NotifyFifo::take(std::string& text) {
  const std::shared_ptr<bool> alive = alive_;
  size_t begin = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    const std::optional<NotifyEvent> event = parse_notify_line(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    if (!event) {
      ++ignored_;
      continue;
    }
    heard_(*event);
    if (!*alive) return;
  }
  pending_ = text.substr(begin);
  if (pending_.size() <= longest_line) return;
  pending_.clear();
  ++ignored_;
}

}  // namespace picket
