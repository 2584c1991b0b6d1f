#include "core/lease/packing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

namespace picket::exploration {
namespace {

__extension__ typedef unsigned __int128 Wide;

/// Small numbers one after the other; 64 bits of them, enough for a node. The functions below describe a world once for
/// both directions; they are asked for every move, so the direction is known when they are compiled.
class Writer {
 public:
  static constexpr bool reading = false;

  void number(auto value, int width) {
    const auto bits = static_cast<uint64_t>(value);
    beyond_ |= bits >> width;
    bits_ |= bits << used_;
    used_ += width;
  }
  uint64_t bits() const {
    if (beyond_ != 0 || used_ > 64) throw std::logic_error("a node that does not fit its packing");
    return bits_;
  }
  int used() const { return used_; }

 private:
  uint64_t bits_ = 0;
  uint64_t beyond_ = 0;
  int used_ = 0;
};

class Reader {
 public:
  static constexpr bool reading = true;

  explicit Reader(const Key& key) : bits_(Wide{key.high} << 64 | key.low) {}
  template <typename T>
  void number(T& value, int width) {
    value = static_cast<T>(static_cast<uint64_t>(bits_) & ((uint64_t{1} << width) - 1));
    bits_ >>= width;
  }

 private:
  Wide bits_;
};

/// How long ago; an acknowledgement as old as the lease is worth nothing.
template <typename Bits>
void put_age(Bits& bits, const Limits& limits, auto& sent) {
  int code = 0;
  if constexpr (!Bits::reading)
    if (sent > here - Millis{limits.lease}) code = static_cast<int>((here - sent).count()) + 1;
  bits.number(code, 2);
  if constexpr (Bits::reading) sent = code == 0 ? Lease::never : here - Millis{code - 1};
}

/// The same for a grant; lease.cpp must not count an older one, so the oldest are kept too.
template <typename Bits>
void put_grant(Bits& bits, const Limits& limits, auto& age) {
  int code = 0;
  if constexpr (!Bits::reading) code = std::min(age, limits.lease) + 1;
  bits.number(code, 3);
  if constexpr (Bits::reading) age = code - 1;
}

template <typename Bits>
void put_remainder(Bits& bits, const Limits& limits, auto& until) {
  int left = 0;
  if constexpr (!Bits::reading)
    left = static_cast<int>((std::clamp(until, here, here + Millis{limits.lease + 1}) - here).count());
  bits.number(left, 3);
  if constexpr (Bits::reading) until = here + Millis{left};
}

void put_term(auto& bits, const Limits& limits, auto& term) {
  bits.number(term, static_cast<int>(std::bit_width(limits.terms)));
}

/// Its own word, and what the candidates have of it. Inlined, so that the bits stay in a register.
[[gnu::always_inline]] inline void put_voter(auto& bits, auto& w, const Limits& limits, int place) {
  auto& node = w.nodes[place];
  put_term(bits, limits, node.promise.term);
  bits.number(node.promise.to, 2);
  put_remainder(bits, limits, node.bound_until);
  for (int i = 0; i < limits.candidates; ++i) {
    if (i == place) continue;
    put_age(bits, limits, w.nodes[i].acked[place]);
    put_grant(bits, limits, w.grants[i][place]);
  }
}

void put_said(auto& bits, const Limits& limits, auto& said) {
  const auto terms = static_cast<int>(limits.terms);
  bits.number(said.requests, terms);
  bits.number(said.heartbeats, terms);
  put_term(bits, limits, said.released);
}

template <typename Bits>
void put_candidate(Bits& bits, auto& w, const Limits& limits, int place) {
  put_voter(bits, w, limits, place);
  auto& node = w.nodes[place];
  put_remainder(bits, limits, node.owed_until);
  put_term(bits, limits, node.term);
  Term asked = node.candidacy ? node.candidacy->term : 0;
  put_term(bits, limits, asked);
  if (limits.restarts) bits.number(w.outlives[place], 2);
  // Its own acknowledgement is never older than another's, so its age matters only to what is under way.
  Instant held_at = node.term != 0 ? node.acked[place] : Lease::never;
  Instant asked_at = node.candidacy ? node.candidacy->acked[place] : Lease::never;
  if (limits.late) {
    put_age(bits, limits, held_at);
    put_age(bits, limits, asked_at);
    put_said(bits, limits, w.said[place]);
  }
  if constexpr (Bits::reading) {
    node.seen = node.promise.term;
    if (node.term != 0) node.acked[place] = limits.late ? held_at : here;
    if (asked == 0) return;
    node.candidacy.emplace();
    node.candidacy->term = asked;
    node.candidacy->acked.fill(Lease::never);
    node.candidacy->acked[place] = limits.late ? asked_at : here;
  }
}

}  // namespace

Key pack(const World& world, const Limits& limits) {
  Wide all = 0;
  int used = 0;
  const auto append = [&](uint64_t bits, int width) {
    all |= Wide{bits} << used;
    used += width;
  };
  for (int i = 0; i < limits.candidates; ++i) {
    Writer candidate;
    put_candidate(candidate, world, limits, i);
    append(candidate.bits(), candidate.used());
  }
  std::array<uint64_t, most> voters{};
  auto end = voters.begin();
  int width = 0;
  for (int i = limits.candidates; i < limits.voters; ++i) {
    Writer voter;
    put_voter(voter, world, limits, i);
    *end++ = voter.bits();
    width = voter.used();
  }
  std::partial_sort(voters.begin(), end, end);
  for (auto voter = voters.begin(); voter != end; ++voter) append(*voter, width);
  if (limits.slow >= 0) append(static_cast<uint64_t>(world.held_back), 3);
  if (used > 128) throw std::logic_error("a world that does not fit its packing");
  return {static_cast<uint64_t>(all), static_cast<uint64_t>(all >> 64)};
}

World unpack(const Key& key, const Limits& limits) {
  World w;
  Reader bits(key);
  for (Lease& node : w.nodes) node.acked.fill(Lease::never);
  for (int i = 0; i < limits.candidates; ++i) put_candidate(bits, w, limits, i);
  for (int i = limits.candidates; i < limits.voters; ++i) put_voter(bits, w, limits, i);
  if (limits.slow >= 0) bits.number(w.held_back, 3);
  return w;
}

}  // namespace picket::exploration
