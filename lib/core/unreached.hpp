#pragma once
// PostgreSQL answers here, the agents hear each other, and the other voters say that they cannot reach this server: a
// firewall, a wrong listen_addresses, a broken route. Nobody but they can know, and no one of them is believed alone.
// Pure; used at level lease only, where a primary that steps down knows that another may have the lease (R11).

#include <optional>
#include <string>
#include <vector>

#include "core/facts.hpp"
#include "core/policy.hpp"
#include "core/signals.hpp"

namespace picket {

/// Of this node's own looks: the nodes whose PostgreSQL it has asked and that the network says no for, or is silent.
/// A server that turns us away (57P03, 53300, 28xxx) is reached; what could not be asked (a name that does not resolve,
/// nothing asked yet) is unknown, and not in the list. An answer to what was asked within `fresh` counts.
std::vector<int> unreachable_nodes(const Board& board, Instant now, Millis fresh);

/// How the log of this primary grows: by commits, and by itself (vacuum, checkpoints, the switch to the next file).
struct OwnLog {
  int64_t transactions = 0;  ///< ServerFacts::transactions at the latest look
  Lsn commit = 0;            ///< whoever has the log up to there has every commit
  Lsn end = 0;               ///< at the latest look; 0 = there was none
  Instant grew{}, asked{};   ///< when the queries were sent that first showed this end, and that last showed it

  bool operator==(const OwnLog&) const = default;
};

/// One look at this primary, as `server` shows it.
OwnLog after_look(const OwnLog& log, const ServerView& server);

/// Up to where a standby must have it to take over: all of it while it grows, else up to the newest commit.
Lsn needed_of(const OwnLog& log);

/// What the other voters say of this server just now.
struct Unreached {
  std::vector<std::string> by;  ///< the names of those who cannot reach it
  bool by_majority = false;     ///< a majority of the voters says so; this one has no say
  bool reached = false;         ///< a majority has told, and no majority cannot reach it
  std::string heir;             ///< a standby that could take over without loss, and that they do reach; "" = none

  bool operator==(const Unreached&) const = default;
};
Unreached unreached(const Board& board, const Horizon& horizon, const Policy& policy, const OwnLog& log);

/// Since when they have said so. What has never been reached in the life of this postmaster is not taken away from
/// anybody: the count begins with the loss, so a server that came back unreachable is not stopped a second time.
struct UnreachedHold {
  bool was_reached = false;
  std::optional<Instant> since;
  bool stopping = false;  ///< R11 has begun to stop this postmaster, and ends it whatever is said meanwhile
  OwnLog log;
  Unreached seen;  ///< at the latest look; while it is being stopped, at the one that decided it

  bool operator==(const UnreachedHold&) const = default;
};

/// One look. `serves`: a confirmed primary that was just read and whose lease is valid; anything else starts the count
/// anew.
UnreachedHold after_look(const UnreachedHold& hold, const Unreached& seen, bool serves, Instant now);

/// Whether R11's stop is due, or under way.
bool is_due(const UnreachedHold& hold, Instant now, const Policy& policy);

}  // namespace picket
