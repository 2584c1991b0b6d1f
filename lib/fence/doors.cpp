#include "fence/doors.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "loop/fd.hpp"

namespace picket {
namespace {

// connect() to an address that has moved to another host would knock at that host's server.
bool is_on_this_host(const sockaddr_storage& address) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) < 0) return true;  // then connect() has to tell
  bool found = false;
  for (const auto* i = list; i != nullptr && !found; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != address.ss_family) continue;
    if (address.ss_family == AF_INET) {
      found = std::memcmp(&reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr,
                          &reinterpret_cast<const sockaddr_in&>(address).sin_addr, sizeof(in_addr)) == 0;
    } else {
      found = std::memcmp(&reinterpret_cast<const sockaddr_in6*>(i->ifa_addr)->sin6_addr,
                          &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, sizeof(in6_addr)) == 0;
    }
  }
  freeifaddrs(list);
  return found;
}

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET)
    return (ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr) >> 24) == 127;
  return address.ss_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
}

// When connect() tells nothing, bind() does: it fails while anybody listens at that address and port (ip(7)).
bool nobody_listens(const sockaddr_storage& address, socklen_t length) {
  const Fd fd{socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const int yes = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // old connections are nobody who listens
  return bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0;
}

bool is_wildcard(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

bool is_numeric(const std::string& host) {
  in6_addr buffer{};
  return inet_pton(AF_INET, host.c_str(), &buffer) == 1 || inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

}  // namespace

Doors::Doors(const std::string& tcp_host, int port, const std::string& socket_folder) {
  if (port == 0) return;
  if (is_numeric(tcp_host) && !is_wildcard(tcp_host)) {
    add_tcp(tcp_host, port);
  } else {
    add_tcp("127.0.0.1", port);
    add_tcp("::1", port);
  }
  if (!socket_folder.empty()) add_unix(socket_folder, port);
}

void Doors::add_tcp(const std::string& host, int port) {
  Door door;
  if (auto* four = reinterpret_cast<sockaddr_in*>(&door.address);
      inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(static_cast<uint16_t>(port));
    door.length = sizeof *four;
    door.name = host + ":" + std::to_string(port);
  } else {
    auto* six = reinterpret_cast<sockaddr_in6*>(&door.address);
    inet_pton(AF_INET6, host.c_str(), &six->sin6_addr);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(static_cast<uint16_t>(port));
    door.length = sizeof *six;
    door.name = "[" + host + "]:" + std::to_string(port);
  }
  doors_.push_back(std::move(door));
}

void Doors::add_unix(const std::string& folder, int port) {
  Door door;
  door.name = folder + "/.s.PGSQL." + std::to_string(port);
  auto* address = reinterpret_cast<sockaddr_un*>(&door.address);
  address->sun_family = AF_UNIX;
  // PostgreSQL refuses to listen at a longer path, so there is no door.
  if (door.name.size() >= sizeof address->sun_path) return;
  std::memcpy(address->sun_path, door.name.data(), door.name.size());
  door.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + door.name.size());
  if (folder.front() == '@') {
    address->sun_path[0] = '\0';
  } else {
    ++door.length;
  }
  doors_.push_back(std::move(door));
}

Doors::Seen Doors::outcome(int error) {
  switch (error) {
    case 0: return {false, "somebody accepts connections"};
    case ECONNREFUSED: return {true, "refused"};
    case ENOENT: return {true, "no socket"};
    case EAGAIN: return {false, "somebody listens, but does not answer"};
    case EINPROGRESS: return {false, "no answer"};
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT: return {true, "no such address on this host"};
    default: return {false, strerror(error)};
  }
}

// Without waiting: over loopback the refusal is there when connect() returns, so that "in progress" means that
// somebody's queue is full, or that a packet filter swallows us.
Doors::Seen Doors::knock_at(const Door& door) {
  const bool tcp = door.address.ss_family != AF_UNIX;
  if (tcp && !is_loopback(door.address) && !is_on_this_host(door.address)) return outcome(EADDRNOTAVAIL);
  const Fd fd{socket(door.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return outcome(errno);
  int error = connect(fd.get(), reinterpret_cast<const sockaddr*>(&door.address), door.length) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd waiting{fd.get(), POLLOUT, 0};
    socklen_t size = sizeof error;
    if (poll(&waiting, 1, 0) > 0) getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  }
  auto seen = outcome(error);
  if (tcp && error != 0 && !seen.closed && nobody_listens(door.address, door.length))
    return {true, seen.text + ", but nobody listens there"};
  return seen;
}

Doors::Seen Doors::knock() const {
  if (doors_.empty()) return {true, "no address to knock at"};
  Seen all{true, ""};
  for (const auto& door : doors_) {
    const auto seen = knock_at(door);
    all.closed = all.closed && seen.closed;
    all.text += (all.text.empty() ? "" : "; ") + door.name + ": " + seen.text;
  }
  return all;
}

}  // namespace picket
