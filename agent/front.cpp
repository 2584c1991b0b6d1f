// The program `picket` as it is started. Keepalived's track scripts start it every second, so the checks are answered
// here: linked statically, because loading the C++ runtime costs more than the question, and without a parser for the
// command line. Every other verb is picket-cli's, beside this program.

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>

#include "control_client.hpp"

namespace {

/// Exactly as it stands in Keepalived's configuration, without options.
bool is_check(int argc, char** argv) { return argc == 3 && std::string_view(argv[1]) == "check" && argv[2][0] != '-'; }

/// As verb_check(): whatever goes wrong is "no".
int check(const char* what) {
  try {
    const picket::ControlReply reply =
        picket::ask_daemon("/run/picket/control.sock", {"check", what}, picket::Millis{2000});
    std::fputs(reply.text.c_str(), reply.status == 2 ? stderr : stdout);
    return reply.status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "picket: %s\n", error.what());
    return 3;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (is_check(argc, argv)) return check(argv[2]);
  char path[PATH_MAX + 8] = {};
  const ssize_t size = readlink("/proc/self/exe", path, PATH_MAX);
  std::strcpy(size > 0 ? path + size : path, size > 0 ? "-cli" : "/usr/bin/picket-cli");
  execv(path, argv);
  std::fprintf(stderr, "picket: %s: %s\n", path, std::strerror(errno));
  return 3;
}
