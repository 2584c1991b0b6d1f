// A few thousand clusters whose agents hold and lose the lease in virtual time. The other way to run this program:
//   test_lease_simulation --seed N [--tell]      one story
//   PICKET_EXPLORE=full                          200,000 of ten virtual minutes; PICKET_SEEDS=N: so many

#include "core/lease/simulation.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string_view>
#include <thread>

namespace picket::simulation {
namespace {

constexpr Options longer{.faults_until = Millis{520'000}, .length = Millis{600'000}};
/// From the heal until a primary has the lease.
constexpr Millis served_within{60'000};

bool full() {
  const char* wanted = std::getenv("PICKET_EXPLORE");
  return wanted != nullptr && std::string_view(wanted) == "full";
}

uint64_t seeds(uint64_t otherwise) {
  const char* text = std::getenv("PICKET_SEEDS");
  return text == nullptr ? otherwise : std::stoull(text);
}

constexpr uint64_t few = 3000, quiet = 50;

/// Many stories, told on all processors.
struct Stories {
  Report sum;
  uint64_t worst_seed = 0, eligible = 0;
  std::vector<uint64_t> unserved;
  std::vector<std::string> wrong;

  void add(uint64_t seed, const Report& r) {
    if (!r.violation.empty()) wrong.push_back("seed " + std::to_string(seed) + ": " + r.violation);
    if (r.eligible) {
      ++eligible;
      if (r.served_after < Millis{0}) unserved.push_back(seed);
      if (r.served_after > served_within) wrong.push_back("seed " + std::to_string(seed) + ": served too late");
    }
    if (r.served_after > sum.served_after) worst_seed = seed;
    sum.served_after = std::max(sum.served_after, r.served_after);
    sum.events += r.events;
    sum.wins += r.wins;
    sum.restarts += r.restarts;
    sum.promotions += r.promotions;
    sum.two_writers += r.two_writers;
  }
};

Stories tell_all(uint64_t count, const Options& options) {
  Stories stories;
  std::mutex lock;
  std::atomic<uint64_t> next{1};
  const auto work = [&] {
    for (uint64_t seed = next++; seed <= count; seed = next++) {
      const Report report = Simulation(seed, options).run();
      const std::lock_guard one(lock);
      stories.add(seed, report);
      if (!stories.wrong.empty())
        next = count + 1;
      else if (seed % 20'000 == 0)
        std::cout << seed << " of " << count << " seeds, nothing wrong yet" << std::endl;
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = std::max(1U, std::thread::hardware_concurrency()); i > 0; --i) threads.emplace_back(work);
  threads.clear();
  return stories;
}

TEST(LeaseSimulation, NeverHasTwoHoldersAndServesAgainWhenAllIsWell) {
  const auto begin = std::chrono::steady_clock::now();
  const Options options = full() ? longer : Options{};
  const uint64_t count = seeds(full() ? 200'000 : few);
  const Stories stories = tell_all(count, options);
  const Report& sum = stories.sum;
  const double real = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double virtual_seconds = static_cast<double>(count) * static_cast<double>(options.length.count()) / 1000;
  std::cout << count << " seeds of " << options.length.count() / 1000 << " s in " << real
            << " s: " << static_cast<uint64_t>(virtual_seconds / real) << " virtual seconds per second, "
            << sum.events / count << " events each\n  leases won: " << sum.wins
            << ", restarts of agents: " << sum.restarts << ", promotions: " << sum.promotions
            << "\n  with somebody to serve at the heal: " << stories.eligible << ", served after "
            << sum.served_after.count() << " ms at most (seed " << stories.worst_seed
            << "), never: " << stories.unserved.size() << "\n  two running primaries for "
            << sum.two_writers.count() / 1000 << " s of all\n";
  EXPECT_THAT(stories.wrong, testing::IsEmpty());
  // Where B3 starts a former primary while the winner of a newer lease is down, a human is asked; in few stories only.
  EXPECT_LE(stories.unserved.size(), stories.eligible / 5000)
      << "nobody serves after the heal, " << testing::PrintToString(stories.unserved);
  EXPECT_GT(stories.eligible, count / 3);
  EXPECT_GT(sum.promotions, static_cast<int>(count / 2)) << "nothing happens in these stories";
}

TEST(LeaseSimulation, OfAQuietClusterLosesNoLease) {
  for (uint64_t seed = 1; seed <= quiet; ++seed) {
    const Report r = Simulation(seed, {.length = Millis{600'000}, .quiet = true}).run();
    EXPECT_EQ(r.violation, "") << "seed " << seed;
    EXPECT_EQ(r.wins, 1) << "seed " << seed;
  }
}

TEST(LeaseSimulation, FindsEachKnownMistake) {
  for (const Mistake mistake :
       {Mistake::bound_is_shorter, Mistake::bound_without_drift, Mistake::promise_forgotten,
        Mistake::lease_counts_from_receipt, Mistake::sent_before_written, Mistake::older_lease_forgotten}) {
    uint64_t seed = 1;
    std::string violation;
    for (; seed <= 5000 && violation.empty(); ++seed)
      violation = Simulation(seed, {.mistake = mistake}).run().violation;
    EXPECT_NE(violation, "") << static_cast<int>(mistake);
    std::cout << "mistake " << static_cast<int>(mistake) << ", seed " << seed - 1 << ": " << violation << '\n';
  }
}

void tell(uint64_t seed) {
  Options options = full() ? longer : Options{};
  options.tell = true;
  const Report r = Simulation(seed, options).run();
  std::cout << (r.violation.empty() ? "served " + std::to_string(r.served_after.count()) + " ms after the heal"
                                    : r.violation)
            << '\n';
}

}  // namespace
}  // namespace picket::simulation

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--seed") return picket::simulation::tell(std::stoull(argv[i + 1])), 0;
  return RUN_ALL_TESTS();
}
