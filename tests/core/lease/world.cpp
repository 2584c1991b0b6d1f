#include "core/lease/world.hpp"

#include <algorithm>
#include <stdexcept>

namespace picket::exploration {
namespace {

using Kind = LeaseMessage::Kind;
constexpr int lease_length = static_cast<int>(lease_ticks.count());
constexpr int bound_length = static_cast<int>(bound_ticks.count());

LeaseInput wishing(Wish wish) { return {.wish = wish, .position = {1, 1}, .behind = {}, .frozen = false}; }

/// What a voter answers to a question that arrives now, with the mistake that is being tried.
LeaseStep ask_voter(const World& world, const Limits& limits, int voter, int from, const LeaseMessage& question) {
  LeaseStep step =
      on_message(world.nodes[voter], setup_of(limits, voter), from + 1, question, here, wishing(Wish::idle));
  if (limits.mistake != Mistake::acknowledges_after_granting) return step;
  for (Envelope& envelope : step.send)
    if (envelope.message.kind == Kind::refusal) envelope.message.kind = Kind::ack;
  return step;
}

/// The moves of one world; each makes a copy, changes it and adds it.
struct Moves {
  const World& world;
  const Limits& limits;
  std::vector<World>& next;
  std::vector<std::string>* names;

  World& add(const std::string& name) {
    if (names != nullptr) names->push_back(name);
    return next.emplace_back(world);
  }

  std::string name_of(const char* verb, int a, int b = -1) const {
    if (names == nullptr) return {};
    return "n" + std::to_string(a + 1) + " " + verb + (b < 0 ? "" : " n" + std::to_string(b + 1));
  }

  /// The answer is on its way, or (what is not worth keeping) arrives now or never.
  void keep_reply(World& w, int asker, int voter, const LeaseMessage& m) const {
    const int age = static_cast<int>((here - m.sent).count());
    if (m.kind == Kind::ack) w.acks[asker][voter] = {m.term, age};
    if (m.kind == Kind::grant) w.grants[asker][voter] = {m.term, age};
  }

  void act(int node, Wish wish) {
    const LeaseStep step = on_tick(world.nodes[node], setup_of(limits, node), here, wishing(wish));
    const char* verb = wish == Wish::hold ? "holds, heard by" : wish == Wish::idle ? "idles" : "gives back, heard by";
    World& acted = add(name_of(verb, node));
    acted.nodes[node] = step.lease;
    if (wish == Wish::give_back) acted.outlives[node] = 0;  // proof of death
    for (const Envelope& envelope : step.send)
      deliver(node, step.lease, envelope, wish == Wish::give_back, name_of(verb, node, envelope.to - 1));
  }

  void deliver(int node, const Lease& after, const Envelope& envelope, bool gives_back, const std::string& name) {
    const int voter = envelope.to - 1;
    World& arrived = add(name);
    arrived.nodes[node] = after;
    if (gives_back) arrived.outlives[node] = 0;
    const LeaseStep answer = ask_voter(arrived, limits, voter, node, envelope.message);
    arrived.nodes[voter] = answer.lease;
    for (const Envelope& reply : answer.send) {
      if (reply.to != node + 1) continue;  // a candidate that yields also releases; its own move tells the others
      keep_reply(next.back(), node, voter, reply.message);
      if (reply.message.kind != Kind::refusal && reply.message.kind != Kind::denial) continue;
      World heard = next.back();
      heard.nodes[node] =
          on_message(after, setup_of(limits, node), voter + 1, reply.message, here, wishing(Wish::hold)).lease;
      add(name + " and it learns").nodes = heard.nodes;
    }
  }

  void reply_arrives(int node, int voter, const Pending& reply, Kind kind) {
    LeaseMessage message{.kind = kind, .term = reply.term, .sent = here - Millis{reply.age}};
    if (limits.mistake == Mistake::lease_counts_from_receipt) message.sent = here;
    World& w = add(name_of(kind == Kind::ack ? "gets the ack of" : "gets the grant of", node, voter));
    w.nodes[node] =
        on_message(w.nodes[node], setup_of(limits, node), voter + 1, message, here, wishing(Wish::hold)).lease;
    (kind == Kind::ack ? w.acks : w.grants)[node][voter] = {};
  }

  /// With the note of what it held, or without (it could not be written).
  void restart(int node, Term noted) {
    World& w = add(name_of(noted == 0 ? "restarts" : "restarts and goes on", node));
    const Instant until = valid_until(world.nodes[node], setup_of(limits, node));
    if (until != Lease::never) w.outlives[node] = std::max(w.outlives[node], static_cast<int>((until - here).count()));
    const bool forgets = limits.mistake == Mistake::promise_forgotten;
    w.nodes[node] =
        lease_after_start(setup_of(limits, node), forgets ? Promise{} : world.nodes[node].promise, here, noted);
    if (limits.mistake == Mistake::start_is_not_waited_for) w.nodes[node].bound_until = here;
    if (limits.mistake == Mistake::older_lease_forgotten) w.nodes[node].owed_until = Lease::never;
    ++w.restarts;
  }

  /// Time passes for everybody; for all but `slow` on their own clock too.
  void tick(int slow) {
    World& w = add(slow < 0 ? "tick" : name_of("stands still for a tick", slow));
    w.held_back = slow >= 0 ? bound_length : std::max(0, w.held_back - 1);
    for (int i = 0; i < limits.voters; ++i) {
      if (i == slow) continue;
      Lease& node = w.nodes[i];
      const auto earlier = [](Instant& t) {
        if (t != Lease::never) t -= Millis{1};
      };
      earlier(node.bound_until);
      earlier(node.owed_until);
      w.outlives[i] = std::max(0, w.outlives[i] - 1);
      earlier(node.release_until);
      std::ranges::for_each(node.acked, earlier);
      if (node.candidacy) {
        std::ranges::for_each(node.candidacy->acked, earlier);
      }
      for (int voter = 0; voter < limits.voters; ++voter) {
        ++w.acks[i][voter].age;
        ++w.grants[i][voter].age;
      }
    }
  }
};

/// Small numbers one after the other, low bits first, in words of eight bytes.
class Bits {
 public:
  explicit Bits(std::string& bytes) : bytes_(bytes) {}
  void put(uint64_t value, int width) {
    word_ |= value << used_;
    used_ += width;
    if (used_ < 64) return;
    flush(8);
    used_ -= 64;
    word_ = used_ == 0 ? 0 : value >> (width - used_);
  }
  uint64_t get(int width) {
    uint64_t value = 0;
    for (int i = 0; i < width; ++i, ++at_)
      value |= uint64_t{static_cast<unsigned char>(bytes_[at_ / 8]) >> (at_ % 8) & 1U} << i;
    return value;
  }
  void finish() { flush(static_cast<size_t>(used_ + 7) / 8); }

 private:
  void flush(size_t count) { bytes_.append(reinterpret_cast<const char*>(&word_), count); }
  std::string& bytes_;
  uint64_t word_ = 0;
  int used_ = 0;
  size_t at_ = 0;
};

/// One description of what is packed, for both directions.
struct Codec {
  Bits bits;
  bool reading;
  const Limits& limits;

  template <typename T>
  void number(T& value, int width) {
    if (reading)
      value = static_cast<T>(bits.get(width));
    else
      bits.put(static_cast<uint64_t>(value), width);
  }
  /// An age up to the lease; older is as good as never.
  void age(Instant& sent) {
    uint64_t code = sent == Lease::never
                        ? 0
                        : static_cast<uint64_t>(std::clamp<int64_t>((here - sent).count(), 0, lease_length)) + 1;
    if (code > lease_length) code = 0;
    number(code, 2);
    if (reading) sent = code == 0 ? Lease::never : here - Millis{static_cast<int>(code) - 1};
  }
  void remainder(Instant& until) {
    uint64_t left =
        until == Lease::never ? 0 : static_cast<uint64_t>(std::clamp<int64_t>((until - here).count(), 0, bound_length));
    number(left, 2);
    if (reading) until = here + Millis{static_cast<int>(left)};
  }
  void ages(Lease::Times& times) {
    for (int i = 0; i < limits.voters; ++i) age(times[i]);
  }
  void pending(Pending& reply) {
    if (reply.age >= lease_length) reply = {};
    number(reply.term, 3);
    if (reply.term == 0)
      reply = {};
    else
      number(reply.age, 1);
  }
  void node(Lease& n, bool candidate) {
    number(n.promise.term, 3);
    number(n.promise.to, 3);
    remainder(n.bound_until);
    remainder(n.owed_until);
    // The highest term heard of is for asking with a higher one; who only votes never asks.
    if (candidate)
      number(n.seen, 3);
    else
      n.seen = 0;
    number(n.won_term, 3);
    number(n.won_by, 3);
    number(n.term, 3);
    if (reading) n.acked.fill(Lease::never);
    if (n.term != 0) {
      number(n.refused, 3);
      ages(n.acked);
    }
    bool asks = n.candidacy.has_value();
    number(asks, 1);
    if (asks) {
      if (reading) {
        n.candidacy.emplace();
        n.candidacy->acked.fill(Lease::never);
      }
      number(n.candidacy->term, 3);
      number(n.candidacy->overtaken, 1);
      number(n.candidacy->granted, limits.voters);
      ages(n.candidacy->acked);
    }
    bool tells = n.released != 0 && n.term == 0 && !asks && n.release_until > here;
    number(tells, 1);
    if (tells) {
      number(n.released, 3);
      remainder(n.release_until);
    }
    if (reading) n.next_heartbeat = n.next_request = Lease::never;
  }
  void world(World& w) {
    number(w.restarts, 3);
    if (limits.slow >= 0) number(w.held_back, 2);
    for (int i = 0; i < limits.voters; ++i) {
      node(w.nodes[i], i < limits.candidates);
      if (limits.restarts > 0) number(w.outlives[i], 2);
      for (int voter = 0; voter < limits.voters; ++voter) {
        if (voter == i || i >= limits.candidates) continue;
        pending(w.acks[i][voter]);
        pending(w.grants[i][voter]);
      }
    }
  }
};

std::string pack_as_is(World w, const Limits& limits) {
  std::string packed;
  packed.reserve(80);
  Codec codec{Bits{packed}, false, limits};
  codec.world(w);
  codec.bits.finish();
  return packed;
}

/// The world with two nodes that only vote in each other's place.
void swap_voters(World& w, int a, int b) {
  std::swap(w.nodes[a], w.nodes[b]);
  std::swap(w.outlives[a], w.outlives[b]);
  for (World* self = &w; Lease & node : self->nodes) {
    std::swap(node.acked[a], node.acked[b]);
    if (!node.candidacy) continue;
    std::swap(node.candidacy->acked[a], node.candidacy->acked[b]);
    uint32_t& granted = node.candidacy->granted;
    const uint32_t bit_a = granted >> a & 1U;
    const uint32_t bit_b = granted >> b & 1U;
    granted = (granted & ~(1U << a | 1U << b)) | bit_a << b | bit_b << a;
  }
  for (auto* replies : {&w.acks, &w.grants})
    for (auto& of_asker : *replies) std::swap(of_asker[a], of_asker[b]);
}

}  // namespace

const LeaseSetup& setup_of(const Limits& limits, int place) {
  static const auto all = [] {
    std::vector<LeaseSetup> setups;
    for (int early = 0; early < 2; ++early)
      for (int voters = 3; voters <= most; ++voters)
        for (int i = 0; i < most; ++i) {
          LeaseSetup setup{.self = i + 1};
          for (int v = 1; v <= voters; ++v) setup.voters.push_back(v);
          setup.timing = {.heartbeat = Millis{0}, .lease = lease_ticks, .bound = bound_ticks - Millis{early}};
          setups.push_back(setup);
        }
    return setups;
  }();
  const int early = limits.mistake == Mistake::grants_one_tick_early ? 1 : 0;
  return all[static_cast<size_t>(((early * 3) + limits.voters - 3) * most + place)];
}

World first_world(const Limits& limits) {
  World world;
  for (int i = 0; i < limits.voters; ++i) world.nodes[i] = lease_after_start(setup_of(limits, i), {}, here);
  return unpack(pack(world, limits), limits);
}

bool serves(const World& world, const Limits& limits, int place) {
  return world.outlives[place] > 0 || here < valid_until(world.nodes[place], setup_of(limits, place));
}

std::string pack(const World& world, const Limits& limits) {
  std::string best = pack_as_is(world, limits);
  World other = world;
  // All orders of at most three nodes that only vote, by swapping: 1 2 3, 2 1 3, 2 3 1, 3 2 1, 3 1 2, 1 3 2.
  const int first = limits.candidates;
  const int alike = limits.voters - first;
  for (int i = 1, orders = alike == 3 ? 6 : alike == 2 ? 2 : 1; i < orders; ++i) {
    swap_voters(other, first + (i + 1) % 2, first + 1 + (i + 1) % 2);
    best = std::min(best, pack_as_is(other, limits));
  }
  return best;
}

World unpack(const std::string& packed, const Limits& limits) {
  World world;
  std::string bytes = packed;
  Codec{Bits{bytes}, true, limits}.world(world);
  return world;
}

void successors(const World& world, const Limits& limits, std::vector<World>& next, std::vector<std::string>* names) {
  Moves moves{world, limits, next, names};
  for (int i = 0; i < limits.voters; ++i) {
    if (i < limits.candidates)
      for (const Wish wish : {Wish::hold, Wish::idle, Wish::give_back}) moves.act(i, wish);
    for (int voter = 0; voter < limits.voters; ++voter) {
      if (const Pending& ack = world.acks[i][voter]; ack.term != 0) moves.reply_arrives(i, voter, ack, Kind::ack);
      if (const Pending& grant = world.grants[i][voter]; grant.term != 0)
        moves.reply_arrives(i, voter, grant, Kind::grant);
    }
    if (world.restarts < limits.restarts) moves.restart(i, 0);
    if (world.restarts < limits.restarts && world.nodes[i].term != 0) moves.restart(i, world.nodes[i].term);
  }
  moves.tick(-1);
  if (limits.slow >= 0 && world.held_back == 0) moves.tick(limits.slow);
}

const char* violated(const World& world, const Limits& limits) {
  int serving = 0;
  for (int i = 0; i < limits.voters; ++i) {
    const Lease& node = world.nodes[i];
    if (serves(world, limits, i)) ++serving;
    if ((node.term != 0 || node.candidacy) && node.promise.to != i + 1) return "who holds or asks has promised itself";
    if (node.promise.term < node.term) return "a holder's promise is at least its term";
    for (int j = 0; j < limits.voters; ++j) {
      const Lease& other = world.nodes[j];
      if (i != j && node.term != 0 && node.term == other.term) return "a term has one holder";
      if (node.term != 0 && node.term == other.won_term && other.won_by != i + 1)
        return "a term has one holder, and nobody else is taken for it";
    }
  }
  return serving > 1 ? "at most one serves" : nullptr;
}

int ticks_until_served(World world, const Limits& limits, int candidate, int patience) {
  for (int passed = 0; passed <= patience; ++passed) {
    for (int i = 0; i < limits.voters; ++i) {
      // Answers come back at once, and what they lead to is sent at once, until nobody has anything to say.
      std::vector<std::pair<int, Envelope>> wire;
      const auto take = [&](int from, LeaseStep step) {
        world.nodes[from] = std::move(step.lease);
        for (Envelope& envelope : step.send) wire.emplace_back(from, std::move(envelope));
      };
      const LeaseInput input = wishing(i == candidate ? Wish::hold : Wish::idle);
      take(i, on_tick(world.nodes[i], setup_of(limits, i), here, input));
      for (size_t at = 0; at < wire.size(); ++at) {
        const auto [from, envelope] = wire[at];
        const int to = envelope.to - 1;
        take(to, on_message(world.nodes[to], setup_of(limits, to), from + 1, envelope.message, here, input));
      }
    }
    if (serves(world, limits, candidate)) return passed;
    std::vector<World> next;
    Moves{world, limits, next, nullptr}.tick(-1);
    world = next.front();
  }
  return -1;
}

}  // namespace picket::exploration
