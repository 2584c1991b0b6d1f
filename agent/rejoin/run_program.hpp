#pragma once
// Runs another program to its end and hears it line by line. Blocking: for the programs of the way back, never for the
// daemon.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace picket {

struct Ran {
  int code = -1;      ///< 128 + signal; 127 when it could not be started
  bool late = false;  ///< it was ended because it took longer than allowed
  std::string tail;   ///< its last lines of both outputs, at most 4 kB
};

/// Runs `command` (a path, or a name in the PATH) with nothing on standard input, in "/". `line` gets every line of its
/// standard output and standard error. `most` of zero is as long as it takes; afterwards it and its children get
/// SIGKILL. `environment`: "NAME=value" in addition to ours; LC_ALL is "C".
Ran run_program(const std::vector<std::string>& command, Millis most,
                const std::function<void(std::string_view line)>& line = {},
                const std::vector<std::string>& environment = {});

}  // namespace picket
