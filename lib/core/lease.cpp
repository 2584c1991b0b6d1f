#include "core/lease.hpp"

#include <algorithm>
#include <functional>

namespace picket {
namespace {

using Kind = LeaseMessage::Kind;

LeaseMessage message_of(Kind kind, Term term, Instant sent = {}) {
  LeaseMessage message;
  message.kind = kind;
  message.term = term;
  message.sent = sent;
  return message;
}

/// Until when a majority is bound to whoever has these newest send times acknowledged, by its own clock.
Instant end_of_lease(Lease::Times acked, const LeaseSetup& setup) {
  const auto end = acked.begin() + static_cast<std::ptrdiff_t>(setup.voters.size());
  const auto q = acked.begin() + (setup.majority() - 1);
  std::nth_element(acked.begin(), q, end, std::greater{});
  return *q == Lease::never ? Lease::never : *q + setup.timing.lease;
}

/// One step in the making.
struct Scene {
  const LeaseSetup& setup;
  const LeaseInput& input;
  Instant now;
  LeaseStep step;
  Lease& lease = step.lease;

  Scene(const Lease& before, const LeaseSetup& setup_, Instant now_, const LeaseInput& input_)
      : setup(setup_), input(input_), now(now_) {
    step.lease = before;
  }
  Scene(const Scene&) = delete;

  std::optional<size_t> place(int node) const {
    const auto found = std::ranges::find(setup.voters, node);
    if (found == setup.voters.end()) return {};
    return static_cast<size_t>(found - setup.voters.begin());
  }

  void send_to_all(const LeaseMessage& message) {
    for (const int voter : setup.voters)
      if (voter != setup.self) step.send.push_back({voter, message});
  }

  void say_what_is_known(LeaseMessage& message) const {
    message.promised = lease.promise.term;
    message.won_term = lease.won_term;
    message.won_by = lease.won_by;
  }

  void reply(int to, const LeaseMessage& question, Kind kind, Denial why = Denial::none) {
    LeaseMessage answer = message_of(kind, question.term, question.sent);
    say_what_is_known(answer);
    answer.why = why;
    if (why == Denial::behind) answer.position = *input.behind;
    if (why == Denial::bound) answer.wait = std::max(Millis{0}, lease.bound_until - now);
    step.send.push_back({to, answer});
  }

  void promise(Term term, int to) {
    lease.promise = {term, to};
    step.persist = true;
  }

  /// From here on nobody else is granted anything for the whole bound.
  void bind() { lease.bound_until = std::max(lease.bound_until, now + setup.timing.bound); }

  void step_down() {
    lease.term = lease.refused = 0;
    lease.acked.fill(Lease::never);
  }

  void tell_release() { send_to_all(message_of(Kind::release, lease.released)); }

  /// All that was asked for or held up to our own promise has ended; whoever granted it is free.
  /// Our own promise is to ourselves then, and so is what bound us.
  void release() {
    lease.candidacy.reset();
    step_down();
    lease.released = lease.promise.term;
    lease.release_until = now + setup.timing.lease;
    lease.bound_until = std::min(lease.bound_until, now);
    lease.owed_until = Lease::never;
    lease.next_word = now + setup.timing.heartbeat;
    tell_release();
  }

  /// Whoever granted it is free, unless he is bound to an older lease of ours: a release would end that too, while the
  /// server that served under it may live.
  void end_candidacy() {
    if (now >= lease.owed_until) return release();
    lease.candidacy.reset();
  }

  /// `node` has shown that it won `term`: whoever holds an older one has been replaced.
  void learn_winner(Term term, int node) {
    if (term <= lease.won_term) return;
    lease.won_term = term;
    lease.won_by = node;
    lease.seen = std::max(lease.seen, term);
    if (node == setup.self) return;
    if (lease.term != 0 && term > lease.term) step_down();
  }

  /// Nobody is known to hold it now. Whoever held it last may have forgotten that over a restart, and believe an older
  /// holder's word; it would never ask, and so never be told by a reply.
  void tell_newest_holder() {
    lease.next_word = now + setup.timing.heartbeat;
    LeaseMessage word = message_of(Kind::refusal, lease.won_term);
    say_what_is_known(word);
    send_to_all(word);
  }

  /// Twice as often while the newest one is not acknowledged by a majority: it may be lost.
  bool heartbeat_is_due() const {
    const Instant newest = lease.acked[*place(setup.self)];
    const bool confirmed = end_of_lease(lease.acked, setup) >= newest + setup.timing.lease;
    return now >= newest + (confirmed ? setup.timing.heartbeat : setup.timing.heartbeat / 2);
  }

  void send_heartbeats() {
    lease.acked[*place(setup.self)] = now;
    bind();
    lease.owed_until = now + setup.timing.bound;
    send_to_all(message_of(Kind::heartbeat, lease.term, now));
  }

  void become_holder_if_granted() {
    Lease::Candidacy& c = *lease.candidacy;
    // Older grants would make a holder whose lease is over already.
    if (now >= end_of_lease(c.acked, setup)) return;
    lease.term = c.term;
    lease.acked = c.acked;  // only these: who acknowledged our older term may have followed another holder since
    lease.candidacy.reset();
    learn_winner(lease.term, setup.self);
    send_heartbeats();
  }

  /// Our own promise comes first; then the others are asked.
  void ask() {
    const bool anew = !lease.candidacy || lease.candidacy->overtaken;
    if (anew) {
      lease.candidacy.emplace();
      lease.candidacy->acked.fill(Lease::never);
      lease.candidacy->term = lease.seen = std::max(lease.promise.term, lease.seen) + 1;
      promise(lease.candidacy->term, setup.self);
    }
    lease.candidacy->acked[*place(setup.self)] = now;
    bind();
    lease.next_request = now + setup.timing.heartbeat;
    LeaseMessage request = message_of(Kind::request, lease.candidacy->term, now);
    request.position = input.position;
    send_to_all(request);
  }
};

void on_heartbeat(Scene& s, int from, const LeaseMessage& m) {
  Lease& lease = s.lease;
  s.learn_winner(m.term, from);
  // A promise ends every older term, also one of the same node: else a holder that was replaced, and asks for a new
  // term, could have the old one acknowledged by those who have since served its successor.
  const bool ended = m.term < lease.promise.term;
  if (ended || (m.term == lease.promise.term && lease.promise.to != from)) return s.reply(from, m, Kind::refusal);
  if (m.term > lease.promise.term) {
    lease.candidacy.reset();
    s.promise(m.term, from);
  }
  s.bind();
  s.reply(from, m, Kind::ack);
}

/// Of two that ask at the same time the one with more of the log goes on, else the one with the smaller number.
bool goes_before(const Scene& s, int from, const LeaseMessage& m) {
  return m.position != s.input.position ? m.position > s.input.position : from < s.setup.self;
}

Denial why_not(const Scene& s, int from, const LeaseMessage& m) {
  const Lease& lease = s.lease;
  const bool known = lease.promise.to == from;
  if (m.term < lease.promise.term || (m.term == lease.promise.term && !known)) return Denial::older_term;
  if (known) return Denial::none;
  if (s.now < lease.bound_until) return Denial::bound;
  if (s.input.behind && m.position < *s.input.behind) return Denial::behind;
  return Denial::none;
}

void on_request(Scene& s, int from, const LeaseMessage& m) {
  Lease& lease = s.lease;
  if (lease.candidacy && lease.term == 0 && goes_before(s, from, m)) {
    s.end_candidacy();  // those who granted us are free for the other
    lease.next_request = s.now + 2 * s.setup.timing.heartbeat;
  }
  if (const Denial why = why_not(s, from, m); why != Denial::none) return s.reply(from, m, Kind::denial, why);
  if (m.term > lease.promise.term) {
    lease.candidacy.reset();
    s.step_down();  // before the promise: whoever grants another holds nothing
    s.promise(m.term, from);
  }
  s.bind();
  s.reply(from, m, Kind::grant);
}

void on_reply(Scene& s, size_t place, const LeaseMessage& m) {
  Lease& lease = s.lease;
  lease.seen = std::max(lease.seen, m.promised);
  if (m.kind == Kind::refusal && lease.term != 0) lease.refused = std::max(lease.refused, m.promised);
  s.learn_winner(m.won_term, m.won_by);
  if (m.kind == Kind::ack && lease.term != 0 && m.term == lease.term && m.sent <= s.now)
    lease.acked[place] = std::max(lease.acked[place], m.sent);
  if (!lease.candidacy || m.term != lease.candidacy->term || m.sent > s.now) return;
  if (m.kind == Kind::denial && m.why == Denial::older_term) lease.candidacy->overtaken = true;
  if (m.kind != Kind::grant) return;
  lease.candidacy->acked[place] = std::max(lease.candidacy->acked[place], m.sent);
  s.become_holder_if_granted();
}

void on_release(Scene& s, int from, const LeaseMessage& m) {
  const Promise& promise = s.lease.promise;
  if (promise.to == from && promise.term <= m.term) s.lease.bound_until = std::min(s.lease.bound_until, s.now);
}

}  // namespace

Lease lease_after_start(const LeaseSetup& setup, const Promise& promise, Instant now, Term held) {
  Lease lease;
  lease.promise = promise;
  lease.seen = promise.term;
  lease.bound_until = now + setup.timing.bound + setup.timing.more;
  if (promise.to == setup.self) lease.owed_until = lease.bound_until;
  lease.acked.fill(Lease::never);
  // A heartbeat is acknowledged by those only who have promised nobody else anything newer: as good as an unbroken run.
  if (held != 0 && promise.to == setup.self && held <= promise.term) {
    lease.term = lease.won_term = held;
    lease.won_by = setup.self;
  }
  return lease;
}

LeaseStep on_message(const Lease& before, const LeaseSetup& setup, int from, const LeaseMessage& message, Instant now,
                     const LeaseInput& input) {
  Scene s(before, setup, now, input);
  const auto place = s.place(from);
  if (!place || from == setup.self || message.term == 0) return std::move(s.step);
  s.lease.seen = std::max(s.lease.seen, message.term);
  switch (message.kind) {
    case Kind::heartbeat: on_heartbeat(s, from, message); break;
    case Kind::request: on_request(s, from, message); break;
    case Kind::release: on_release(s, from, message); break;
    case Kind::ack:
    case Kind::refusal:
    case Kind::grant:
    case Kind::denial: on_reply(s, *place, message); break;
  }
  return std::move(s.step);
}

LeaseStep on_tick(const Lease& before, const LeaseSetup& setup, Instant now, const LeaseInput& input) {
  Scene s(before, setup, now, input);
  Lease& lease = s.lease;
  if (input.wish == Wish::give_back && (lease.term != 0 || lease.candidacy)) {
    s.release();
  } else if (lease.released != 0 && lease.term == 0 && !lease.candidacy && now >= lease.next_word) {
    if (now >= lease.release_until) lease.released = 0;
    if (lease.released != 0) s.tell_release();
    lease.next_word = now + setup.timing.heartbeat;
  } else if (lease.won_term != 0 && lease.term == 0 && now >= lease.bound_until && now >= lease.next_word) {
    s.tell_newest_holder();
  }
  if (input.wish == Wish::idle && lease.candidacy) {
    if (lease.term == 0) s.end_candidacy();
    lease.candidacy.reset();
  }
  // Not wanted, it runs out; the term stays, and is as good as ever for those who have promised nobody a newer one.
  if (input.wish != Wish::hold) return std::move(s.step);

  if (lease.term != 0 && s.heartbeat_is_due()) s.send_heartbeats();
  // A voter that has promised a newer term acknowledges ours no more: ask for one that is newer still.
  const bool wants_term = lease.term == 0 || lease.refused > lease.term;
  const bool may_promise_self = lease.promise.to == setup.self || now >= lease.bound_until;
  if (wants_term && may_promise_self && now >= lease.next_request) s.ask();
  return std::move(s.step);
}

Instant valid_until(const Lease& lease, const LeaseSetup& setup) {
  return lease.term == 0 ? Lease::never : end_of_lease(lease.acked, setup);
}

}  // namespace picket
