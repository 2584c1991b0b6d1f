// The health page as picketd serves it, from a fixed snapshot that is decided anew every 250 ms. Usage: bench_http
// [port] (0: any); prints the port, serves until SIGTERM.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "http/server.hpp"
#include "loop/sources.hpp"
#include "report/pages.hpp"
#include "report/scene.hpp"

int main(int argc, char** argv) {
  using namespace picket;
  Loop loop;
  const OnSignal on_term(loop, SIGTERM, [&] { loop.exit(0); });
  Snapshot snapshot = scene::primary();
  const auto decide = [&] {
    snapshot.decided = snapshot.board.server.facts_asked = boot_now();
    ++snapshot.round;
  };
  decide();
  Timer timer(loop, decide);
  timer.every(Millis{250});
  Pages pages({});
  const Server server(loop, {.address = "127.0.0.1", .port = argc > 1 ? std::atoi(argv[1]) : 0},
                      [&](Method, std::string_view path, std::string_view query) -> const Page& {
                        return pages.page(path, query, &snapshot, boot_now());
                      });
  std::printf("%d\n", server.port());
  std::fflush(stdout);
  return loop.run();
}
