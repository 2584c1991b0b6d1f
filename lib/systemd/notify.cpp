#include "systemd/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace picket {

// The library's sd_notify() reads the variable at every call; to keep it out of the environment of children, the
// datagram is sent here (the protocol is documented as stable in sd_notify(3), "Standalone Implementations").
Notify::Notify(Loop& loop)
    : watchdog_timer_(loop, [this] { send("WATCHDOG=1"); }), retry_timer_(loop, [this] { pay(); }) {
  if (const char* path = getenv("NOTIFY_SOCKET")) socket_path_ = path;
  unsetenv("NOTIFY_SOCKET");
  uint64_t usec = 0;
  const bool watched = sd_watchdog_enabled(1, &usec) > 0;
  sockaddr_un address{};
  if (socket_path_.size() < 2 || socket_path_.size() >= sizeof address.sun_path) return;
  fd_ = Fd{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!watched) return;
  watchdog_ = Millis{static_cast<int64_t>(usec / 1000)};
  watchdog_timer_.every(std::max(watchdog_ / 3, Millis{1}));
}

// False when it is worth trying again: the manager's queue is full because it is busy with itself.
bool Notify::send(const std::string& state) {
  if (!fd_) return true;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path_.size());
  const auto sent =
      sendto(fd_.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), length);
  return sent >= 0 || errno != EAGAIN;
}

void Notify::pay() {
  std::string state;
  if (owe_ready_) state += "READY=1\n";
  if (owe_status_) state += "STATUS=" + last_status_ + "\n";
  if (owe_stopping_) state += "STOPPING=1\n";
  if (state.empty()) return;
  if (send(state)) {
    owe_ready_ = owe_status_ = owe_stopping_ = false;
  } else {
    retry_timer_.start(retry_after);
  }
}

void Notify::ready(const std::string& status) {
  last_status_ = status;
  owe_ready_ = owe_status_ = true;
  pay();
}

void Notify::status(const std::string& line) {
  if (line == last_status_) return;
  last_status_ = line;
  owe_status_ = true;
  pay();
}

void Notify::stopping() {
  owe_stopping_ = true;
  pay();
}

}  // namespace picket
