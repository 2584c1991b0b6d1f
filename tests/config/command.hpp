#pragma once
// Runs a program to its end, for the tests that let other programs judge our files.

#include <array>
#include <cstdio>
#include <string>

namespace picket {

struct CommandResult {
  int exit_code = -1;
  std::string output;  ///< standard output and standard error
};

/// `command` is a shell command line.
inline CommandResult run_command(const std::string& command) {
  CommandResult result;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return result;
  std::array<char, 4096> bytes;
  while (const size_t count = fread(bytes.data(), 1, bytes.size(), pipe)) result.output.append(bytes.data(), count);
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

inline bool have_program(const std::string& name) {
  return run_command("PATH=$PATH:/usr/sbin:/sbin command -v " + name).exit_code == 0;
}

}  // namespace picket
