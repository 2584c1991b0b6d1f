#pragma once
// What the agents tell each other: a report of what each sees, and the messages of the lease (docs/safety.md). Plain
// values; lib/peers carries them as authenticated datagrams, core/lease.hpp answers them. A lost, late or repeated one
// never does harm: safety rests on none of them arriving.

#include <cstdint>
#include <vector>

#include "core/facts.hpp"
#include "core/verdict.hpp"

namespace picket {

/// How far a server's write-ahead log goes; compares by timeline, then by byte.
struct Position {
  uint32_t timeline = 0;
  Lsn lsn = 0;
  auto operator<=>(const Position&) const = default;
};

/// Why a voter does not grant.
enum class Denial : uint8_t {
  none,
  bound,       ///< somebody else may hold the lease still; `wait` says for how long
  older_term,  ///< it has promised that term, or a newer one, to another
  behind,      ///< the voter's own standby has more of the log
};

struct LeaseMessage {
  enum class Kind : uint8_t {
    heartbeat,  ///< the holder, twice a second: I hold `term`
    ack,        ///< the voter to it: I shall grant nobody else for a while
    refusal,    ///< or: I have promised another
    request,    ///< a candidate: grant me `term`
    grant,      ///< the voter to it, after its promise is on disk
    denial,     ///< or not, and why
    release,    ///< the holder or candidate: I have ended, dead for certain, with every term up to `term`
  };
  Kind kind = Kind::heartbeat;
  Term term = 0;
  /// heartbeat, request: when it was sent, by the sender's clock; replies carry it back as it came, and mean nothing to
  /// the clock of anybody else.
  Instant sent{};
  Position position;          ///< request: how far the candidate's log goes; denial for that: how far the voter's goes
  Term promised = 0;          ///< refusal, denial: the highest term that the voter has promised
  Denial why = Denial::none;  ///< denial
  Millis wait{0};             ///< denial: for how long the voter is bound to somebody else
  // All replies: the newest holder whose heartbeat the voter has accepted, which proves that it won that term.
  Term won_term = 0;
  int won_by = 0;
  bool operator==(const LeaseMessage&) const = default;
};

/// How long repmgrd on a node waits when a primary is to be replaced; whole seconds. 0: it promotes nobody there, or
/// the agent is of a version that does not say.
struct FailoverTimes {
  static constexpr Millis longest{32'767'000};
  Millis vote_wait{0};     ///< its candidate, for the lease (`picket gate vote` in failover_validation_command)
  Millis notification{0};  ///< any other standby, for the new primary (primary_notification_timeout)
  bool operator==(const FailoverTimes&) const = default;
};

/// What a node says of itself and of what it sees, twice a second.
struct PeerReport {
  Rule rule = Rule::R16;
  Advert advert = Advert::down;
  Role role = Role::unknown;
  uint32_t timeline = 0;
  Lsn lsn = 0;
  uint64_t system_identifier = 0;
  bool fenced = false;
  bool maintenance = false;
  FailoverTimes failover;
  /// Nodes whose PostgreSQL it asks and does not reach, at most 32; who is not in it may be unknown. An agent that
  /// knows nothing, or of a version before this, says nothing against anybody.
  std::vector<int> unreachable;
  bool operator==(const PeerReport&) const = default;
};

}  // namespace picket
