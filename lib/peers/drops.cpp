#include "peers/drops.hpp"

namespace picket {

std::string_view word(Drop drop) {
  switch (drop) {
    case Drop::none: return "none";
    case Drop::oversized: return "oversized";
    case Drop::truncated: return "truncated";
    case Drop::malformed: return "malformed";
    case Drop::unknown_version: return "unknown_version";
    case Drop::not_for_us: return "not_for_us";
    case Drop::unknown_sender: return "unknown_sender";
    case Drop::wrong_key: return "wrong_key";
    case Drop::replayed: return "replayed";
    case Drop::unproven: return "unproven";
    case Drop::wrong_fingerprint: return "wrong_fingerprint";
  }
  return "unknown";
}

void Drops::count(Drop why, Instant now, const std::string& words) {
  Dropped& dropped = by_reason[static_cast<size_t>(why)];
  ++dropped.count;
  dropped.last = now;
  dropped.words = words;
}

uint64_t Drops::total() const {
  uint64_t sum = 0;
  for (const auto& dropped : by_reason) sum += dropped.count;
  return sum;
}

}  // namespace picket
