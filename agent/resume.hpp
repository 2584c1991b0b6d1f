#pragma once
// What outlives a restart of the agent within one boot: that this postmaster was confirmed as primary. Kept in
// /run/picket/state.json, a tmpfs: gone after a reboot, as it must be.

#include <string>

#include "core/memory.hpp"

namespace picket {

class Resume {
 public:
  explicit Resume(std::string path) : path_(std::move(path)) {}

  /// The memory to begin with. Only a recent note of this boot counts: one older than `max_age` says nothing any more.
  Memory load(Instant now, Millis max_age, uint64_t& generation) const;

  /// Notes what is worth resuming, at most once a second unless it changed. Returns "" or the error.
  std::string save(const Memory& memory, uint64_t generation, Instant now);

 private:
  Memory read(Instant now, Millis max_age, uint64_t& generation) const;
  std::string path_;
  bool last_held_ = false;
  uint64_t last_generation_ = 0;
  Instant last_saved_{};
};

}  // namespace picket
