#pragma once
// The listening socket: which addresses, and a sentence for the operator when they cannot be had.

#include <string>

#include "loop/fd.hpp"

namespace picket {

struct Listener {
  Fd fd;
  int port = 0;
};

/// A non-blocking TCP socket that listens with a backlog of 4096 (the kernel cuts it to net.core.somaxconn, listen(2)).
/// Empty `address`: [::] for both families (ipv6(7), IPV6_V6ONLY off), else 0.0.0.0 when the host has no IPv6. Throws
/// std::runtime_error "cannot listen on ADDRESS:PORT: reason".
Listener open_listener(const std::string& address, int port);

}  // namespace picket
