#pragma once
// A network of this process's own, with a loopback: the client gate's table is one per network.

#include <sched.h>

#include <cstdlib>
#include <stdexcept>

namespace picket::test {

/// To be there before the first server starts.
struct OwnNetwork {
  OwnNetwork() {
    if (unshare(CLONE_NEWNET) != 0 || std::system("ip link set lo up") != 0)
      throw std::runtime_error("needs root: a network of its own");
  }
};

}  // namespace picket::test
