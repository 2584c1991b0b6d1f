#pragma once
// A server and the probe that asks it, in virtual time: for the tests of the core, and for `picket explain --what-if`.
// Pure.

#include <optional>

#include "core/facts.hpp"

namespace picket {

/// How a server behaves towards somebody who asks it.
enum class Says : uint8_t {
  ok,
  silent,       ///< nothing comes back: host lost, link cut, everything frozen
  frozen,       ///< the postmaster alone is stopped: open sessions go on, new connections hang
  refused,      ///< its host says that nothing listens
  unreachable,  ///< the network says no
  full,         ///< 53300 for new connections; an open session goes on
  locked_out,   ///< 28P01 for every connection
  starting,     ///< 57P03
  stopping,     ///< 57P03
  failed,       ///< any other error, each time
};

/// How often and how patiently a probe asks; the defaults are those of config/picket.toml.
struct ProbePace {
  Millis patience{1000};     ///< for each attempt
  Millis fresh_every{2000};  ///< between two fresh connections
};

/// The probe of lib/postgres as far as the core can tell: a session that is asked at every step, a fresh connection
/// from time to time, and after a timeout the next attempt at once.
class ModelProbe {
 public:
  ModelProbe() = default;
  /// Goes on from a view that a real probe has made.
  ModelProbe(const ProbePace& pace, const ServerView& view)
      : pace_(pace), fresh_due_(view.fresh.asked + pace.fresh_every) {}

  /// Lets the probe do what is due at `now`, at a server that behaves like that and is `truth`.
  void step(ServerView& view, Says says, const ServerFacts& truth, Instant now);

 private:
  void session(ServerView& view, Says says, const ServerFacts& truth, Instant now);
  void fresh(ServerView& view, Says says, Instant now);
  ProbePace pace_;
  std::optional<Instant> session_asked_, fresh_asked_;
  Instant fresh_due_{};
};

}  // namespace picket
