#pragma once
// The lease in virtual time: three to five voters, each with the real machine (core/lease.hpp) and the real decision
// (core/decide.hpp) from all that its probes see, on a clock of its own that runs up to one per cent wrong. Around them
// models: PostgreSQL and who streams from whom, the probes, repmgrd's loop with the hook that waits for the lease, the
// disk, an administrator, a network that loses, delays, doubles, reorders and cuts, and faults.
// All is drawn from a seed: a seed is a story that can be told again. Invariants are checked in true time, which no
// node knows.

#include <array>
#include <queue>
#include <string>
#include <vector>

#include "core/decide.hpp"
#include "core/lease.hpp"
#include "flight/model_probe.hpp"

namespace picket::simulation {

/// A deliberate mistake, to see that it is found.
enum class Mistake : uint8_t {
  none,
  bound_is_shorter,           ///< than the lease
  bound_without_drift,        ///< as long as the lease: clocks are taken to run alike
  promise_forgotten,          ///< by an agent that restarts
  lease_counts_from_receipt,  ///< of the reply, not from sending the question
  sent_before_written,        ///< the messages do not wait for the disk
  older_lease_forgotten,  ///< by an agent that restarts: when it yields, it frees those who hold its earlier run's up
};

struct Options {
  Millis faults_until{80'000};  ///< then everything heals
  Millis length{140'000};
  bool quiet = false;  ///< no faults at all
  bool tell = false;   ///< print the story
  Mistake mistake = Mistake::none;
};

struct Report {
  std::string violation;  ///< the first; the run ends with it
  uint64_t events = 0;
  int voters = 0;
  int wins = 0;      ///< times that somebody came to hold a valid lease
  int restarts = 0;  ///< of agents, with and without their host
  int promotions = 0;
  bool eligible = false;    ///< when all healed, a standby or an unfenced primary was there
  Millis served_after{-1};  ///< since then until a primary had the lease; -1 = never
  Millis two_writers{0};    ///< two running primaries at once: the older is one until it is fenced
};

/// True time in microseconds.
using Moment = int64_t;
constexpr Moment ms = 1000;
constexpr Moment second = 1000 * ms;

/// A machine's CLOCK_BOOTTIME.
struct Clock {
  Moment booted = 0;
  int64_t ppm = 0;  ///< by which it runs fast
  Instant at(Moment t) const { return Instant{Millis{(t - booted) * (1'000'000 + ppm) / 1'000'000 / ms}}; }
  /// How long `local` takes by this clock.
  Moment lasting(Millis local) const { return local.count() * ms * 1'000'000 / (1'000'000 + ppm); }
};

/// SplitMix64: a seed costs nothing.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15ULL;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
    return z ^ z >> 31;
  }
  int below(int n) { return static_cast<int>(next() % static_cast<uint64_t>(n)); }
  Moment between(Moment from, Moment to) {
    return from + static_cast<Moment>(next() % static_cast<uint64_t>(to - from + 1));
  }
  bool chance(int per_mille) { return per_mille > 0 && below(1000) < per_mille; }

 private:
  uint64_t state_;
};

struct Postgres {
  bool running = true;
  Role role = Role::standby;
  Position position{1, 1};
  int upstream = -1;
  int pid = 100;
  bool crashed = false;  ///< as it ended last
  Moment starting_until = 0, hung_from = 0, hung_until = 0, ended = 0;
  Moment dies_at = 0, starts_at = 0, promoted_at = 0;  ///< under way; 0 = not
  // The session of its WAL receiver, by the latest moment at which something came over it.
  int heard_from = -1, heard_pid = 0;
  Moment heard = 0;
};

/// repmgrd on a standby, and the hook that it runs.
struct Repmgrd {
  enum class Doing : uint8_t { monitoring, retrying, waiting, validating } doing = Doing::monitoring;
  int failed = 0;
  Moment until = 0;       ///< waiting, validating
  Moment asks_until = 0;  ///< somebody runs `picket gate` by hand
};

/// A run of the agent: what a crash of it takes away. As agent/lease/keeper.cpp.
struct Agent {
  bool up = false;
  uint32_t run = 0;  ///< events of an earlier one are void
  Lease lease;
  LeaseInput input;
  Board board;
  std::array<ModelProbe, 5> probes;  ///< by node; its own server's too
  Memory memory;
  Instant campaign_until{};
  std::optional<Instant> winner_promoted;
  struct Waiting {
    uint64_t needs = 0;
    Envelope envelope;
  };
  std::vector<Waiting> waiting;
  uint64_t made = 0, written = 0, writing = 0;
  Promise on_its_way;  ///< to the disk
  bool retry = false;
};

/// What the agent has noted in /run for its next run, as agent/resume.cpp.
struct Resumed {
  bool held = false;
  int64_t started_us = 0;
  Instant saved = Lease::never;
};

struct Node {
  std::string name;  ///< its host's too
  Clock clock;
  LeaseSetup setup;
  Promise durable;
  Term told = 0;       ///< the highest term that left this node in a message that needs a promise
  Instant outlives{};  ///< an earlier run's lease is valid until then: its clients and its server go on without it
  Term noted = 0;      ///< the term that its last agent held
  bool had = false;    ///< a valid lease under this server, in this boot
  Moment paused_until = 0, agent_paused_until = 0, host_down_until = 0;
  MarkerFacts marker;
  Resumed resumed;
  Moment disk_least = ms, disk_most = 5 * ms;
  int disk_fails = 0;  ///< per mille
  Agent agent;
  Postgres pg;
  Repmgrd repmgrd;
  ServerFacts truth;    ///< what its server tells whoever may ask it; see Simulation::truth()
  unsigned listed = 0;  ///< its followers, a bit each, as they stand in `truth`
  Term valid_term = 0;  ///< of the lease that was valid at the last look
  bool fenced() const { return marker.state != MarkerFacts::State::none; }
};

class Simulation {
 public:
  Simulation(uint64_t seed, Options options);
  Report run();

 private:
  enum class What : uint8_t { tick, letter, disk, retry, repmgrd, agent_starts, host_starts, fault };
  struct Event {
    Moment at = 0;
    uint64_t order = 0;
    What what = What::tick;
    int node = 0;
    uint32_t run = 0;     ///< of the agent
    uint32_t letter = 0;  ///< index
    bool operator>(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  struct Letter {
    int from = 0;
    LeaseMessage message;
  };

  // simulation.cpp: the agents.
  void agent_starts(int i);
  void agent_ends(int i);
  void tick(int i);
  void round(int i);
  void obey(int i, const Verdict& verdict);
  void fence(int i, FenceReason reason, uint32_t timeline);
  void wait_for_lease(int i);
  void say(int i, const std::string& text) const;
  void tell_state(int i) const;

  // simulation_board.cpp: what they see.
  void begin_to_look(int i);
  void look(int i);
  void look_at_lease(int i);
  Says says(int from, int to) const;
  const ServerFacts& truth(int i);
  bool streams_from(int standby, int upstream) const;
  bool path(int a, int b) const { return !cut_[a][b] && !cut_[b][a] && !sql_cut_[a][b] && !sql_cut_[b][a]; }

  // simulation_lease.cpp: the lease and its disk, the order of events, and what a run is judged by.
  void happen(const Event& event);
  void plan(What what, int i, Moment when, uint32_t letter = 0);
  void take(int i, LeaseStep step);
  void begin_writing(int i);
  void disk_done(int i);
  void send_written(int i);
  void post(int from, const Envelope& envelope);
  bool holds(int i) const;
  void judge(int i);
  void judge_service();
  void fail(const std::string& why);

  // simulation_world.cpp: what surrounds them.
  void settle(int i);
  void repmgrd(int i);
  void elect(int i);
  void administrator(int i);
  void start_postgres(int i);
  void end_postgres(int i, bool crash);
  bool frozen(int i) const { return now_ < at(i).paused_until || now_ < at(i).host_down_until; }
  bool answers(int i) const;
  bool sql(int a, int b) const;

  // simulation_faults.cpp
  void draw_fault();
  void fault(int kind, int i, int j);
  void heal();
  bool eligible(const Node& node) const;

  Node& at(int i) { return nodes_[static_cast<size_t>(i)]; }
  const Node& at(int i) const { return nodes_[static_cast<size_t>(i)]; }

  Options options_;
  Random random_;
  int count_;
  std::vector<Node> nodes_;
  std::array<std::array<bool, 5>, 5> cut_{}, sql_cut_{};  ///< [from][to]
  int loss_ = 0, doubled_ = 0;                            ///< per mille
  Moment delay_least_ = 0, delay_most_ = 2 * ms;
  Moment monitor_, interval_;
  int attempts_;
  bool idle_cluster_;  ///< nobody writes: all logs are equally long
  Policy policy_;
  Moment now_ = 0, heal_at_, end_;
  bool healed_ = false;
  Term top_term_ = 0;
  int top_node_ = -1;
  Moment last_look_ = 0;
  std::vector<Letter> letters_;
  std::vector<uint32_t> free_letters_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  uint64_t order_ = 0;
  Report report_;
};

}  // namespace picket::simulation
