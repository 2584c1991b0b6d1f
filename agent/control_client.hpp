#pragma once
// The command line's end of the control socket. Blocking, bounded, and light: it needs no loop and no library.

#include <sys/un.h>

#include <string>
#include <vector>

#include "core/time.hpp"

namespace picket {

struct ControlReply {
  int status = 0;  ///< the command line's exit status
  std::string text;
};

/// Where the daemon listens. Throws std::runtime_error when the path does not fit (unix(7)).
sockaddr_un control_address(const std::string& path);

/// Sends `words`, waits at most `patience` for each step of the answer. Throws std::runtime_error when the daemon
/// cannot be asked.
ControlReply ask_daemon(const std::string& path, const std::vector<std::string>& words, Millis patience);

}  // namespace picket
