// A few thousand clusters with faults at random. What must hold always is asserted; what the level `guard` cannot
// promise, because nothing gates repmgrd's promotion, is counted and printed. PICKET_SEEDS=N runs N of them per size,
// PICKET_SEED=N tells the story of one (with PICKET_NODES=5 for the larger cluster).

#include "core/cluster_sim.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

namespace picket {
namespace {

uint64_t number(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

void simulate(int nodes, uint64_t seeds) {
  const auto begin = std::chrono::steady_clock::now();
  // Whoever sees another advertised primary has asked it within `fresh`, and hears of it within a poll.
  const Policy policy;
  const Millis bound = policy.fresh + Millis{250};
  SimReport worst;
  uint64_t dual_adverts = 0, dual_primaries = 0, stops = 0, none_at_end = 0, seed_of_worst = 0;
  Millis without{0};
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const SimReport r = ClusterSim(seed, {.nodes = nodes}).run();
    for (const auto& violation : r.violations) ADD_FAILURE() << "seed " << seed << ": " << violation;
    EXPECT_LE(r.longest_dual_seen, bound) << "seed " << seed;
    EXPECT_LE(r.advertised_at_end, 1) << "seed " << seed;
    if (testing::Test::HasFailure()) break;
    dual_adverts += r.longest_dual_advert > Millis{0} ? 1 : 0;
    dual_primaries += r.longest_dual_primary > Millis{0} ? 1 : 0;
    none_at_end += r.advertised_at_end == 0 ? 1 : 0;
    stops += static_cast<uint64_t>(r.stops);
    without += r.without_primary;
    if (r.longest_dual_advert > worst.longest_dual_advert) seed_of_worst = seed;
    worst.longest_dual_advert = std::max(worst.longest_dual_advert, r.longest_dual_advert);
    worst.longest_twins_seen = std::max(worst.longest_twins_seen, r.longest_twins_seen);
    worst.longest_dual_primary = std::max(worst.longest_dual_primary, r.longest_dual_primary);
  }
  const double real = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::cout << nodes << " nodes, " << seeds << " seeds of 300 s: " << real << " s, "
            << static_cast<uint64_t>(static_cast<double>(seeds) * 300 / real) << " virtual seconds per second\n"
            << "  rounds with a stop: " << stops << ", no primary at the end: " << none_at_end
            << ", share of time without one: "
            << static_cast<double>(without.count()) / static_cast<double>(seeds) / 3000 << " %\n"
            << "  two advertised at once: " << dual_adverts << " seeds, longest " << worst.longest_dual_advert.count()
            << " ms (seed " << seed_of_worst << "); twins in sight of each other: longest "
            << worst.longest_twins_seen.count() << " ms\n"
            << "  two running primaries: " << dual_primaries << " seeds, longest " << worst.longest_dual_primary.count()
            << " ms\n";
}

#if defined(__SANITIZE_ADDRESS__)
constexpr uint64_t effort = 10;  // a tenth of the seeds where each costs ten times as much
#else
constexpr uint64_t effort = 1;
#endif

TEST(ClusterSim, OfThreeNodesKeepsItsWord) { simulate(3, number("PICKET_SEEDS", 1500 / effort)); }
TEST(ClusterSim, OfFiveNodesKeepsItsWord) { simulate(5, number("PICKET_SEEDS", 100 / effort)); }

TEST(ClusterSim, TellsOneStory) {
  const uint64_t seed = number("PICKET_SEED", 0);
  if (seed == 0) return;
  const SimReport r = ClusterSim(seed, {.nodes = static_cast<int>(number("PICKET_NODES", 3)), .tell = true}).run();
  for (const auto& violation : r.violations) std::cout << violation << "\n";
}

}  // namespace
}  // namespace picket
