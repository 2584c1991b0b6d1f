// What the pure parts cost: deciding, parsing a request, answering it, rendering the status.
#include <benchmark/benchmark.h>

#include <nlohmann/json.hpp>

#include "core/decide.hpp"
#include "http/request.hpp"
#include "report/pages.hpp"
#include "report/scene.hpp"
#include "report/status_json.hpp"
#include "report/status_text.hpp"

namespace picket {
namespace {

void decide_primary(benchmark::State& state) {
  const Snapshot snapshot = scene::primary();
  const Policy policy;
  Memory memory = decide({}, snapshot.board, scene::now, policy).memory;
  for (auto _ : state) benchmark::DoNotOptimize(decide(memory, snapshot.board, scene::now, policy));
}
BENCHMARK(decide_primary);

void parse_haproxy_check(benchmark::State& state) {
  const std::string request = "GET /primary HTTP/1.1\r\nHost: pg1\r\nConnection: close\r\n\r\n";
  for (auto _ : state) benchmark::DoNotOptimize(parse_request(request, 0, 8192));
}
BENCHMARK(parse_haproxy_check);

void health_answer(benchmark::State& state) {
  const Snapshot snapshot = scene::primary();
  for (auto _ : state) benchmark::DoNotOptimize(health("/primary", "", &snapshot, scene::now, {}));
}
BENCHMARK(health_answer);

void health_page(benchmark::State& state) {
  const Snapshot snapshot = scene::primary();
  Pages pages({});
  for (auto _ : state) benchmark::DoNotOptimize(&pages.page("/primary", "", &snapshot, scene::now));
}
BENCHMARK(health_page);

void status_json_of_three_nodes(benchmark::State& state) {
  const Snapshot snapshot = scene::primary();
  for (auto _ : state) benchmark::DoNotOptimize(status_json(snapshot, scene::now));
}
BENCHMARK(status_json_of_three_nodes);

void status_text_of_three_nodes(benchmark::State& state) {
  const nlohmann::json status = nlohmann::json::parse(status_json(scene::primary(), scene::now));
  for (auto _ : state) benchmark::DoNotOptimize(status_text(status));
}
BENCHMARK(status_text_of_three_nodes);

}  // namespace
}  // namespace picket
