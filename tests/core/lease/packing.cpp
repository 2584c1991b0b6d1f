#include "core/lease/packing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

namespace picket::exploration {
namespace {

/// Small numbers one after the other, in one direction or the other.
class Bits {
 public:
  Bits() = default;
  explicit Bits(const Key& key) : key_(key), reading_(true) {}
  bool reading() const { return reading_; }
  const Key& key() const { return key_; }

  template <typename T>
  void number(T& value, int width) {
    const uint64_t mask = (uint64_t{1} << width) - 1;
    if (reading_) {
      value = static_cast<T>(key_.low & mask);
      key_.low = key_.low >> width | key_.high << (64 - width);
      key_.high >>= width;
      return;
    }
    const auto bits = static_cast<uint64_t>(value);
    if ((bits & ~mask) != 0 || used_ + width > 128) throw std::logic_error("a world that does not fit its packing");
    if (used_ < 64) key_.low |= bits << used_;
    if (used_ >= 64)
      key_.high |= bits << (used_ - 64);
    else if (used_ + width > 64)
      key_.high |= bits >> (64 - used_);
    used_ += width;
  }

 private:
  Key key_;
  bool reading_ = false;
  int used_ = 0;
};

/// How long ago; an acknowledgement as old as the lease is worth nothing.
void put_age(Bits& bits, const Limits& limits, Instant& sent) {
  int code = sent == Lease::never ? 0 : static_cast<int>((here - sent).count()) + 1;
  if (code > limits.lease) code = 0;
  bits.number(code, 2);
  if (bits.reading()) sent = code == 0 ? Lease::never : here - Millis{code - 1};
}

/// The same for a grant; lease.cpp must not count an older one, so the oldest are kept too.
void put_age(Bits& bits, const Limits& limits, int& age) {
  int code = std::min(age, limits.lease) + 1;
  bits.number(code, 3);
  age = code - 1;
}

void put_remainder(Bits& bits, const Limits& limits, Instant& until) {
  int left =
      until == Lease::never ? 0 : static_cast<int>(std::clamp<int64_t>((until - here).count(), 0, limits.lease + 1));
  bits.number(left, 3);
  if (bits.reading()) until = here + Millis{left};
}

void put_term(Bits& bits, const Limits& limits, Term& term) {
  bits.number(term, static_cast<int>(std::bit_width(limits.terms)));
}

/// What the candidates have of a voter's word.
void put_column(Bits& bits, World& w, const Limits& limits, int voter) {
  for (int i = 0; i < limits.candidates; ++i) {
    if (i == voter) continue;
    put_age(bits, limits, w.nodes[i].acked[voter]);
    put_age(bits, limits, w.grants[i][voter]);
  }
}

void put_voter(Bits& bits, World& w, const Limits& limits, int place) {
  Lease& node = w.nodes[place];
  put_term(bits, limits, node.promise.term);
  bits.number(node.promise.to, 2);
  put_remainder(bits, limits, node.bound_until);
  put_column(bits, w, limits, place);
}

void put_said(Bits& bits, const Limits& limits, Said& said) {
  const auto terms = static_cast<int>(limits.terms);
  bits.number(said.requests, terms);
  bits.number(said.heartbeats, terms);
  put_term(bits, limits, said.released);
}

void put_candidate(Bits& bits, World& w, const Limits& limits, int place) {
  put_voter(bits, w, limits, place);
  Lease& node = w.nodes[place];
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
  if (!bits.reading()) return;
  node.seen = node.promise.term;
  if (node.term != 0) node.acked[place] = limits.late ? held_at : here;
  if (asked == 0) return;
  node.candidacy.emplace();
  node.candidacy->term = asked;
  node.candidacy->acked.fill(Lease::never);
  node.candidacy->acked[place] = limits.late ? asked_at : here;
}

}  // namespace

Key pack(const World& world, const Limits& limits) {
  World w = world;
  struct Column {
    uint64_t bits;
    int place;
  };
  std::array<Column, most> columns{};
  const int alike = limits.voters - limits.candidates;
  for (int i = 0; i < alike; ++i) {
    const int place = limits.candidates + i;
    Bits bits;
    put_voter(bits, w, limits, place);
    columns[i] = {bits.key().low, place};
  }
  const auto end = columns.begin() + alike;
  std::partial_sort(columns.begin(), end, end, [](const Column& a, const Column& b) { return a.bits < b.bits; });
  Bits bits;
  for (int i = 0; i < limits.candidates; ++i) put_candidate(bits, w, limits, i);
  for (int i = 0; i < alike; ++i) put_voter(bits, w, limits, columns[i].place);
  if (limits.slow >= 0) bits.number(w.held_back, 3);
  return bits.key();
}

World unpack(const Key& key, const Limits& limits) {
  World w;
  Bits bits(key);
  for (Lease& node : w.nodes) node.acked.fill(Lease::never);
  for (int i = 0; i < limits.candidates; ++i) put_candidate(bits, w, limits, i);
  for (int i = limits.candidates; i < limits.voters; ++i) put_voter(bits, w, limits, i);
  if (limits.slow >= 0) bits.number(w.held_back, 3);
  return w;
}

}  // namespace picket::exploration
