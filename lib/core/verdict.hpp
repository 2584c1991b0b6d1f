#pragma once
// What decide() says: one immutable value that drives every face. Two verdicts that compare equal mean the same to the
// operator; the journal gets a line exactly when the verdict changes, and one for each new alarm.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/facts.hpp"

namespace picket {

/// The rows of the decision table (docs/safety.md), in the order in which they are tried.
enum class Rule : uint8_t {
  W,     ///< a witness: holds no data of the cluster
  R0,    ///< the data belongs to another cluster
  R0b,   ///< the agent did not run for a while: what it knew is void
  R3,    ///< stale: another primary is followed by a majority
  R4,    ///< isolated: no majority reachable for longer than the bound
  R7,    ///< hung for longer than the bound
  R11,   ///< a majority of the voters cannot reach PostgreSQL here, and a standby could take over
  R2,    ///< fenced, and PostgreSQL runs as a primary
  R9,    ///< the postmaster is dead, its children are not
  B3,    ///< fenced for isolation only, or its start was refused, and a majority shows that nobody was promoted: start
  R2h,   ///< fenced, and PostgreSQL does not run as a primary
  R3c,   ///< stale, not yet seen twice
  R10c,  ///< the confirmed primary has crashed and is started again where it was
  R10,   ///< PostgreSQL is not running (or is stopping)
  R8,    ///< PostgreSQL is starting
  R7a,   ///< hung, not for that long
  R14,   ///< cannot see the role just now; the same postmaster held it a moment ago
  R1,    ///< primary
  R5,    ///< primary; the majority has not answered for a moment
  R4b,   ///< no majority reachable, and with fewer than three nodes that proves nothing
  R6,    ///< primary by its own account, and nothing confirms it
  R12,   ///< standby of the primary
  R13,   ///< standby that follows nobody we know to be the primary
  R16,   ///< anything else
};
std::string_view word(Rule rule);

/// What the health page and the balancers are told.
enum class Advert : uint8_t { down, replica, primary };
std::string_view word(Advert advert);

/// What Keepalived is told. `hold` leaves gate and rank as they are.
enum class Vrrp : uint8_t { hold, raise, lower, fault };
std::string_view word(Vrrp vrrp);

/// What is to be done to PostgreSQL. Every stop is level-triggered: it stands until the facts show a dead server.
enum class Action : uint8_t {
  none,
  stop_fast,  ///< SIGINT first, so that a standby that still listens gets all WAL; then as stop_now
  stop_now,   ///< SIGQUIT, then SIGKILL for all of the unit
  kill_rest,  ///< SIGKILL for what outlived its postmaster; no marker: nothing is fenced
  start,      ///< start the unit again
};
std::string_view word(Action action);

/// Whether something of PostgreSQL is to be ended.
constexpr bool stops(Action a) { return a == Action::stop_fast || a == Action::stop_now || a == Action::kill_rest; }

/// Why a fence was ordered; the marker keeps a set of these, and each is cleared for its own reason only.
enum class FenceReason : uint8_t { none, stale, isolated, hung, unreachable, operator_order };
std::string_view word(FenceReason reason);

/// What is wanted of the lease, where there is one.
enum class Wish : uint8_t {
  idle,       ///< neither ask nor renew: what is held runs out
  hold,       ///< get it, and keep it
  give_back,  ///< no primary runs here, for certain: let another have it at once
};
std::string_view word(Wish wish);

/// What becomes of the client gate, where there is one. Whatever this says, it is open only under a valid lease.
enum class ClientGate : uint8_t {
  closed,  ///< for everybody, at once
  leave,   ///< as it is: what is open runs out by itself
  keep,    ///< kept open if it is
  open,
};
std::string_view word(ClientGate gate);

struct Verdict {
  Rule rule = Rule::R16;
  Advert advert = Advert::down;
  Vrrp vrrp = Vrrp::lower;
  Action action = Action::none;
  FenceReason reason = FenceReason::none;  ///< for a stop
  Wish lease = Wish::idle;
  ClientGate client_gate = ClientGate::closed;
  Role role = Role::unknown;  ///< as last read from this postmaster
  uint32_t timeline = 0;
  bool remove_address = false;      ///< R15: the address is here, must not be, and Keepalived is not alive to remove it
  bool clear_marker = false;        ///< the fenced node is a verified standby again, or may start again (B3)
  std::string stale_start;          ///< not empty: the start that was refused is proven stale, and why; mark it
  std::string sentence;             ///< why, for a human; holds no number that changes by itself
  std::vector<std::string> alarms;  ///< what else a human should look at; likewise

  bool operator==(const Verdict&) const = default;
};

/// Whether both say the same of this node, whatever else a human should look at, and whatever is wanted of the lease
/// and its gate.
bool same_but_for_alarms(Verdict a, const Verdict& b);

}  // namespace picket
