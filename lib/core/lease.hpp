#pragma once
// The lease: at any moment at most one node holds a valid one. A pure state machine: messages, wishes and the time go
// in; messages and a promise to be made durable come out. docs/safety.md, "The lease", has the argument; the explorer
// in tests/core/lease drives this very code through every order of events.
//
// Holder: sends heartbeats; its lease is valid until the send time of the Q-th newest acknowledged one plus `lease`.
// Voter: acknowledges one holder, and then grants nobody else a term until `bound` after the last acknowledgement.
// Candidate: asks all voters for a new term; with a majority's grants, all from within `lease`, it is the holder of
// that term: then that majority is bound to it at one moment, and nobody of it has granted a newer term in between. The
// argument in one line: the majority that grants a new term shares a voter with the majority behind the old lease, and
// that voter's bound ends after the old lease.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/peer_message.hpp"
#include "core/time.hpp"

namespace picket {

/// `bound` must exceed `lease` by what clocks can differ in rate over that time, and without a client gate also by the
/// time that proof of death takes (docs/safety.md).
struct LeaseTiming {
  Millis heartbeat{500};  ///< between two requests, and between two heartbeats that are acknowledged, else half of it
  Millis lease{3000};     ///< from sending a heartbeat that is acknowledged
  Millis bound{5700};     ///< from acknowledging or granting
  Millis more{0};         ///< and after a start longer by this: an earlier run may have counted with a longer bound
};

/// The voters are static configuration, the same on all of them, self included; in ascending order, 3 to `most_voters`.
struct LeaseSetup {
  static constexpr size_t most_voters = 7;
  int self = 0;
  std::vector<int> voters;
  LeaseTiming timing;
  int majority() const { return static_cast<int>(voters.size()) / 2 + 1; }
};

/// The only thing that must outlive the process: on disk before any message that follows from it is sent.
struct Promise {
  Term term = 0;
  int to = 0;  ///< the node that it was promised; 0 = nobody yet
  bool operator==(const Promise&) const = default;
};

/// What the lease must know of its node at each step.
struct LeaseInput {
  Wish wish = Wish::idle;
  Position position;               ///< of the own log, for a request
  std::optional<Position> behind;  ///< of a live standby here: whoever has less is not granted
};

struct Lease {
  static constexpr Instant never = Instant::min();
  using Times = std::array<Instant, LeaseSetup::most_voters>;  ///< by place in LeaseSetup::voters

  // As a voter.
  Promise promise;
  Instant bound_until{};  ///< until then only promise.to is granted anything
  Term seen = 0;          ///< the highest term heard of
  Term won_term = 0;      ///< the newest holder that proved itself by a heartbeat, to us or to a voter that tells us
  int won_by = 0;
  Instant next_word = never;  ///< of what is told again: the newest holder's name, a release

  // As the holder.
  Term term = 0;     ///< 0 = not the holder
  Times acked{};     ///< newest send time that each voter acknowledged
  Term refused = 0;  ///< the highest term that a voter has promised another, and therefore refuses ours
  /// What a lease of ours allowed may go on until then, also one that an earlier run of the agent held: a server that
  /// is being stopped, clients that were let in. Before that only give_back sets the voters free.
  Instant owed_until = never;

  // As a candidate; also while it holds an older term, to replace it.
  struct Candidacy {
    Term term = 0;
    Times acked{};           ///< newest send time of a request that each voter granted
    bool overtaken = false;  ///< a voter has promised this term, or a newer one, to another: ask for one newer still
  };
  std::optional<Candidacy> candidacy;
  Instant next_request = never;

  // After giving back: told again for a while, since datagrams are lost.
  Term released = 0;
  Instant release_until = never;
};

struct Envelope {
  int to = 0;
  LeaseMessage message;
};

struct LeaseStep {
  Lease lease;
  bool persist = false;        ///< lease.promise must be durable before any of `send`, and of all later ones, leaves
  std::vector<Envelope> send;  ///< in this order
};

/// A lease after a start of the agent at `now` with what the disk holds. It may have acknowledged somebody a moment
/// ago, so it is bound for the whole time.
/// `held`: the term that an earlier run of this boot has won and not ended, 0 = none; it is held on, without a new one,
/// and valid as soon as a majority acknowledges it.
Lease lease_after_start(const LeaseSetup& setup, const Promise& promise, Instant now, Term held = 0);

/// A message of another voter; from anybody else it changes nothing.
LeaseStep on_message(const Lease& lease, const LeaseSetup& setup, int from, const LeaseMessage& message, Instant now,
                     const LeaseInput& input);

/// Time has passed or a wish has changed; at least every heartbeat / 2.
LeaseStep on_tick(const Lease& lease, const LeaseSetup& setup, Instant now, const LeaseInput& input);

/// The end of the lease, Lease::never when it is not held: the send time of the Q-th newest heartbeat that was
/// acknowledged, and `lease` after that. It is valid before that moment.
Instant valid_until(const Lease& lease, const LeaseSetup& setup);

}  // namespace picket
