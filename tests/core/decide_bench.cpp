// What one decision costs: the daemon makes four a second at rest, and one for every fact that changes. Built as
// bench_decide, run by hand on a quiet machine, never part of ctest.

#include <benchmark/benchmark.h>

#include "core/boards.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""s;

void decide_again(benchmark::State& state, const Watcher& w) {
  Instant now = w.now;
  for (auto _ : state) {
    Step step = decide(w.memory, w.board, now, w.policy);
    benchmark::DoNotOptimize(step);
  }
}

void healthy_primary(benchmark::State& state) {
  Watcher w(static_cast<int>(state.range(0)));
  w.run(5s);
  decide_again(state, w);
}
BENCHMARK(healthy_primary)->Arg(1)->Arg(3)->Arg(5)->Arg(9);

void standby(benchmark::State& state) {
  Watcher w(static_cast<int>(state.range(0)), 2);
  w.run(5s);
  decide_again(state, w);
}
BENCHMARK(standby)->Arg(3)->Arg(5);

void stale_primary(benchmark::State& state) {
  Watcher w(static_cast<int>(state.range(0)));
  w.become_primary(2, 2);
  for (int node = 3; node <= state.range(0); ++node) w.follow(node, 2);
  w.run(5s);
  decide_again(state, w);
}
BENCHMARK(stale_primary)->Arg(3)->Arg(5);

void table_alone(benchmark::State& state) {
  Watcher w;
  w.run(5s);
  for (auto _ : state) {
    Ruling row = match(w.signals, w.memory.state);
    benchmark::DoNotOptimize(row);
  }
}
BENCHMARK(table_alone);

}  // namespace
}  // namespace picket
