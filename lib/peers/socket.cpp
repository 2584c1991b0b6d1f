#include "peers/socket.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace picket {
namespace {

using Found = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// Numeric only: the resolver would block.
Found look_up(const std::string& host, int port, int family, int flags) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | flags;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) found = nullptr;
  return {found, &freeaddrinfo};
}

// Returns errno, 0 when `out` is bound.
int try_bind(const addrinfo& info, bool both_families, UdpSocket& out) {
  Fd fd{socket(info.ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return errno;
  const int v6_only = both_families ? 0 : 1;
  if (info.ai_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  if (bind(fd.get(), info.ai_addr, info.ai_addrlen) < 0) return errno;
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  // Same place in both families (sockaddr_in, sockaddr_in6).
  out = {std::move(fd), info.ai_family, ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port)};
  return 0;
}

}  // namespace

UdpSocket open_udp(const std::string& address, int port) {
  const auto failure = [&](const std::string& reason) {
    const std::string host = address.empty() ? "*" : address.find(':') == address.npos ? address : '[' + address + ']';
    return std::runtime_error("cannot listen on " + host + ':' + std::to_string(port) + " (udp): " + reason);
  };
  if (port < 0 || port > 65535) throw failure("a port is 0..65535");
  UdpSocket opened;
  int error = 0;
  if (address.empty()) {
    error = try_bind(*look_up("::", port, AF_INET6, AI_PASSIVE), true, opened);
    if (error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT)
      error = try_bind(*look_up("0.0.0.0", port, AF_INET, AI_PASSIVE), false, opened);
  } else {
    const Found found = look_up(address, port, AF_UNSPEC, AI_PASSIVE);
    if (!found) throw failure("not a numeric address");
    error = try_bind(*found, false, opened);
  }
  if (error != 0) throw failure(std::generic_category().message(error));
  return opened;
}

std::optional<SocketAddress> socket_address(const std::string& host, int port, int family) {
  Found found = look_up(host, port, family, 0);
  // An IPv4 address leaves an IPv6 socket in its IPv6 form.
  if (!found && family == AF_INET6) found = look_up("::ffff:" + host, port, family, 0);
  if (!found) return std::nullopt;
  SocketAddress address;
  std::memcpy(&address.bytes, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  return address;
}

std::string text_of(const SocketAddress& address) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (getnameinfo(reinterpret_cast<const sockaddr*>(&address.bytes), address.size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return "an unknown address";
  std::string text = host;
  if (text.starts_with("::ffff:")) text.erase(0, 7);
  return (text.find(':') == text.npos ? text : '[' + text + ']') + ':' + port;
}

}  // namespace picket
