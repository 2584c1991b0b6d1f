#pragma once
// The UDP socket of the peer link, and addresses as the kernel wants them.

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "loop/fd.hpp"

namespace picket {

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

struct UdpSocket {
  Fd fd;
  int family = AF_UNSPEC;  ///< AF_INET6 also carries IPv4, when it was opened for all addresses
  int port = 0;
};

/// Non-blocking and bound. `address` is numeric; empty: [::] for both families, else 0.0.0.0 when the host has no IPv6.
/// Port 0: the kernel chooses. Throws std::runtime_error "cannot listen on ADDRESS:PORT (udp): reason".
UdpSocket open_udp(const std::string& address, int port);

/// Where a datagram goes from a socket of `family`; nothing when `host` is not numeric, or of a family that this socket
/// cannot reach.
std::optional<SocketAddress> socket_address(const std::string& host, int port, int family);

/// "10.0.0.7:8009", "[fd00::7]:8009".
std::string text_of(const SocketAddress& address);

}  // namespace picket
