#include "http/listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace picket {
namespace {

constexpr int backlog = 4096;

std::runtime_error failure(const std::string& address, int port, const std::string& reason) {
  const std::string shown = address.empty()                          ? "*"
                            : address.find(':') == std::string::npos ? address
                                                                     : '[' + address + ']';
  return std::runtime_error("cannot listen on " + shown + ':' + std::to_string(port) + ": " + reason);
}

/// Returns errno, 0 when `out` listens.
int try_listen(const addrinfo& info, bool both_families, Fd& out) {
  Fd fd{socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return errno;
  const int on = 1;
  const int v6_only = both_families ? 0 : 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Inherited by the accepted sockets (tcp(7)): the answers to pipelined requests do not wait for acknowledgements.
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (info.ai_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  if (bind(fd.get(), info.ai_addr, info.ai_addrlen) < 0 || listen(fd.get(), backlog) < 0) return errno;
  out = std::move(fd);
  return 0;
}

int port_of(const Fd& fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

}  // namespace

Listener open_listener(const std::string& address, int port) {
  if (port < 0 || port > 65535) throw failure(address, port, "a port is 0..65535");
  // Numeric only: the resolver would block.
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  const auto lookup = [&](const std::string& host) {
    addrinfo* found = nullptr;
    const int r = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (r != 0) throw failure(address, port, std::string("not a numeric address (") + gai_strerror(r) + ')');
    return std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>(found, &freeaddrinfo);
  };
  Listener listener;
  int error = 0;
  if (address.empty()) {
    error = try_listen(*lookup("::"), true, listener.fd);
    const bool no_ipv6 = error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
    if (no_ipv6) error = try_listen(*lookup("0.0.0.0"), false, listener.fd);
  } else {
    error = try_listen(*lookup(address), false, listener.fd);
  }
  if (error != 0) throw failure(address, port, std::generic_category().message(error));
  listener.port = port_of(listener.fd);
  return listener;
}

}  // namespace picket
