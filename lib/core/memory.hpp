#pragma once
// What decide() carries from one call to the next. The shell stores it and hands it back; after a restart of the agent
// within the same boot it resumes `state.held` and `started_us` only.

#include <optional>
#include <vector>

#include "core/lag.hpp"
#include "core/table.hpp"
#include "core/time.hpp"
#include "core/unreached.hpp"

namespace picket {

struct Memory {
  State state;
  std::optional<Instant> last;  ///< the previous decision; none before the first
  Instant valid_from{};         ///< facts asked for before this are void

  // The role as last read from a living postmaster.
  Role role = Role::unknown;
  uint32_t timeline = 0;
  Instant role_asked{};
  Instant primary_since{};  ///< when that role was first seen to be primary
  bool started = false;     ///< it came by the start of another postmaster, and not after a crash
  int postmaster_pid = 0;
  int64_t started_us = 0;

  // A proven rival: who, since when, and how often it was asked again.
  int rival_id = 0;
  Instant rival_since{};
  Instant rival_look{};
  int rival_looks = 0;

  // The confirmed primary's postmaster has ended, and the next one is not confirmed yet: when, whether it crashed, and
  // the times of the latest crashes (at most crash_limit, oldest first).
  std::optional<Instant> lost_at;
  bool crashed = false;
  std::vector<Instant> crashes;
  bool stop_wanted = false;  ///< this postmaster was seen to be shutting down, or systemd to stop its unit

  std::optional<Instant> returnable_since;            ///< B3's condition has held since
  bool cut_off = false;                               ///< R4 stands
  std::optional<Instant> cut_off_at, cut_off_before;  ///< R4 began: the last time, and the time before it
  std::optional<Instant> verified_since;              ///< the fenced node has streamed as a standby since
  LagHold lag;                                        ///< whether lag keeps this standby from being offered
  UnreachedHold unreached;                            ///< how long the others have not reached this primary
};

}  // namespace picket
