#pragma once
// Starts another program, without a shell: the one way in which picket does so, beside the loop (fence/hook.hpp) and in
// the programs of the way back (agent/rejoin/run_program.hpp).

#include <sys/types.h>

#include <string>
#include <vector>

namespace picket {

struct Start {
  std::vector<std::string> words;        ///< the first: a path, or a name in the PATH; not empty
  int output = -1;                       ///< what becomes its standard output and standard error; -1 = ours
  std::vector<std::string> environment;  ///< "NAME=value", in addition to ours or instead of it
};

/// Starts it in "/" as the head of a process group of its own, with nothing on standard input, every signal as a new
/// program has it, and no other descriptor of ours. Returns 0 and the child, which the caller has to reap, or an errno.
/// Blocks until it has become that program, or cannot (posix_spawn(3)): as the disk does.
int start_program(const Start& start, pid_t& child);

}  // namespace picket
