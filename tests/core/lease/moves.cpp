// What may happen next in a world. Every step is taken by the real machine; what is left out is what the world after
// another move can do as well and more, so that a violation behind it would be found behind the other:
//
//  - A world can do more than another that is like it but for: a `bound_until` or an `owed_until` that is earlier
//    (whoever is not bound may still lose the request), an acknowledgement that is newer or there at all (nothing but
//    the end of the lease follows from it), an older term not stepped down from (giving back is allowed at any time).
//  - So acknowledgements arrive at once, with every heartbeat that arrives: one that is late or lost is worth less. One
//    that a restart of the agent comes in between of may count after it, so a restart that goes on keeps them.
//  - A release frees all who are bound by it at once (but see `late` below). A heartbeat that nobody hears only binds
//    its sender.
//  - Requests and heartbeats arrive at once or never. One that arrives later binds its voter for longer, and the same
//    sender could have sent a newer one at that moment, which is worth more to it; unless it has stepped down, and then
//    its term is older than one that has been won, which a majority acknowledges no more. This is not taken on trust:
//    with Limits::late sending and arriving are two moves, for these and for releases, and whatever a node has said may
//    arrive at any moment from then on, in any order, any number of times, also after its restart. That is more than
//    the link allows, which drops what is overtaken (docs/protocol.md). The answer to it counts at once.
//  - Grants arrive at any time, however late, or never, or when their candidacy is over. Nothing follows from less than
//    a majority; then the newest of them are worth most.
//  - What a refusal or a denial says (a term promised to another) may be known to a candidate when it acts, or not:
//    promised terms only rise, so what could have been heard before may be heard now. Nobody remembers it, which
//    allows more. Who has won a term makes an older holder step down: see above.
//  - A node acts at any moment with any wish, or not at all: that is a frozen agent, and repmgrd's whims.
//  - The clock of `slow` may stand still for a tick, once in the time of a bound: the rate by which clocks may differ.
//    One slow clock is enough: it harms when it is the old holder's, and two of them differ less.

#include <algorithm>
#include <ranges>

#include "core/lease/world.hpp"

namespace picket::exploration {
namespace {

using Kind = LeaseMessage::Kind;

struct Moves {
  const World& world;
  const Limits& limits;
  std::vector<World>& next;
  std::vector<std::string>* names;
  const LeaseSetup* setups = &setup_of(limits, 0);  ///< by place

  World& add(const std::string& name, const World& w) {
    if (names != nullptr) names->push_back(name);
    return next.emplace_back(w);
  }

  std::string name_of(const char* verb, int a, int b = -1) const {
    if (names == nullptr) return {};
    std::string name("n");
    name.append(std::to_string(a + 1)).append(" ").append(verb);
    if (b >= 0) name.append(" n").append(std::to_string(b + 1));
    return name;
  }
  std::string name_of(const char* verb, int a, int b, Term term) const {
    return names == nullptr ? "" : name_of(verb, a, b) + ", term " + std::to_string(term);
  }

  LeaseStep tell(const Lease& lease, int to, int from, const LeaseMessage& message, Wish wish) const {
    return on_message(lease, setups[to], from + 1, message, here, wishing(wish));
  }

  /// The node has taken a step. Grants of a candidacy that is over count no more; releases arrive, or are under way.
  void take(World& w, int node, const LeaseStep& step) const {
    const auto term_of = [](const Lease& lease) { return lease.candidacy ? lease.candidacy->term : 0; };
    if (term_of(w.nodes[node]) != term_of(step.lease)) w.grants[node].fill(World::none);
    w.nodes[node] = step.lease;
    for (const Envelope& e : step.send)
      if (limits.late)
        note(w.said[node], e.message);
      else if (e.message.kind == Kind::release)
        w.nodes[e.to - 1] = tell(w.nodes[e.to - 1], e.to - 1, node, e.message, Wish::idle).lease;
  }

  static void note(Said& said, const LeaseMessage& message) {
    const unsigned bit = 1U << (message.term - 1);
    if (message.kind == Kind::request) said.requests |= bit;
    if (message.kind == Kind::heartbeat) said.heartbeats |= bit;
    if (message.kind == Kind::release) said.released = std::max(said.released, message.term);
  }

  bool acknowledges_wrongly(bool promised_the_same) const {
    return limits.mistake == Mistake::acknowledges_after_granting ||
           (limits.mistake == Mistake::acknowledges_older_terms && promised_the_same);
  }

  static Term current_term(const Lease& lease, const LeaseMessage& reply) {
    if (reply.kind == Kind::ack) return lease.term;
    return lease.candidacy ? lease.candidacy->term : reply.term;
  }

  /// A heartbeat or a request arrives, and the answer to the first as well, if anything comes of it.
  void arrives(const World& before, int node, const Envelope& envelope, const std::string& name) {
    const int voter = envelope.to - 1;
    Lease hearing = before.nodes[voter];
    if (limits.mistake == Mistake::older_request_lowers_promise && envelope.message.kind == Kind::request &&
        hearing.promise.to == node + 1)
      hearing.promise.term = std::min(hearing.promise.term, envelope.message.term);
    LeaseStep answer = tell(hearing, voter, node, envelope.message, Wish::idle);
    bool matters = hearing.candidacy && !answer.lease.candidacy;  // it yields
    matters |= limits.late && hearing.term != answer.lease.term;
    for (Envelope& e : answer.send) {
      if (e.to != node + 1) continue;
      if (e.message.kind == Kind::refusal && acknowledges_wrongly(answer.lease.promise.to == node + 1))
        e.message.kind = Kind::ack;
      matters |= e.message.kind == Kind::grant || e.message.kind == Kind::ack;
    }
    if (!matters) return;
    World& w = add(name, before);
    take(w, voter, answer);
    for (const Envelope& e : answer.send)
      if (e.to == node + 1) is_answered(w, node, voter, e.message);
  }

  void is_answered(World& w, int node, int voter, LeaseMessage reply) const {
    if (limits.mistake == Mistake::older_answers_count) reply.term = current_term(w.nodes[node], reply);
    if (reply.kind == Kind::grant) is_under_way(w, node, voter, reply);
    if (reply.kind == Kind::ack) w.nodes[node] = tell(w.nodes[node], node, voter, reply, Wish::hold).lease;
  }

  /// The newest grant is worth most. One of a candidacy that is over must lead to nothing, so it may arrive at once.
  void is_under_way(World& w, int node, int voter, const LeaseMessage& grant) const {
    const auto& candidacy = w.nodes[node].candidacy;
    if (!candidacy || candidacy->term != grant.term)
      return take(w, node, tell(w.nodes[node], node, voter, grant, Wish::hold));
    const int age = grant.sent == Lease::never ? limits.lease : static_cast<int>((here - grant.sent).count());
    int& known = w.grants[node][voter];
    known = known == World::none ? age : std::min(known, age);
  }

  /// Holds or asks, with what it has been told, if anything.
  void holds(int node, const Lease& informed) {
    const LeaseStep step = on_tick(informed, setups[node], here, wishing(Wish::hold));
    if (step.send.empty()) return;
    if (limits.late) return take(add(name_of("asks or holds", node), world), node, step);
    World acted = world;
    take(acted, node, step);
    if (step.persist) add(name_of("asks", node), acted);
    for (const Envelope& envelope : step.send) {
      const char* verb = envelope.message.kind == Kind::request ? "asks, heard by" : "holds, heard by";
      arrives(acted, node, envelope, name_of(verb, node, envelope.to - 1));
    }
  }

  void holds_or_asks(int node) {
    holds(node, world.nodes[node]);
    const auto& voters = world.nodes;
    for (int voter = 0; voter < limits.voters; ++voter) {
      const Promise& promise = voters[voter].promise;
      if (voter == node || promise.term <= voters[node].term) continue;
      const auto told = [&](int other) { return other != node && voters[other].promise == promise; };
      if (std::ranges::any_of(std::views::iota(0, voter), told)) continue;
      const Lease informed = told_of(node, voter, promise);
      if (informed.seen != voters[node].seen || informed.refused != 0 ||
          (informed.candidacy && informed.candidacy->overtaken))
        holds(node, informed);
    }
  }

  /// The node has heard what this voter has to say to its heartbeat and to its request.
  Lease told_of(int node, int voter, const Promise& promise) const {
    const Lease& lease = world.nodes[node];
    LeaseMessage word{.kind = Kind::refusal, .term = promise.term, .sent = here, .promised = promise.term};
    Lease informed = tell(lease, node, voter, word, Wish::hold).lease;
    const bool mine = promise.to == node + 1;
    if (!lease.candidacy || mine || promise.term < lease.candidacy->term) return informed;
    word.kind = Kind::denial;
    word.term = lease.candidacy->term;
    word.why = Denial::older_term;
    return tell(informed, node, voter, word, Wish::hold).lease;
  }

  /// Whatever the node has said reaches another. Of the term that is held, or asked for, the last that was said has the
  /// time that is worth most; of another term the answer must lead to nothing, however new it looks.
  void is_heard(int node) {
    const Lease& lease = world.nodes[node];
    const Said& said = world.said[node];
    const auto asked_at = [&](Term term) {
      return lease.candidacy && lease.candidacy->term == term ? lease.candidacy->acked[node] : here;
    };
    for (int voter = 0; voter < limits.voters; ++voter) {
      if (voter == node) continue;
      for (Term term = 1; term <= limits.terms; ++term) {
        if ((said.requests >> (term - 1) & 1) != 0) hears(voter, node, Kind::request, term, asked_at(term));
        if ((said.heartbeats >> (term - 1) & 1) != 0)
          hears(voter, node, Kind::heartbeat, term, lease.term == term ? lease.acked[node] : here);
      }
      if (said.released != 0) frees(voter, node, said.released);
    }
  }

  void hears(int voter, int node, Kind kind, Term term, Instant sent) {
    const LeaseMessage message{.kind = kind, .term = term, .sent = sent, .position = wishing(Wish::hold).position};
    const char* verb = kind == Kind::request ? "asked, now heard by" : "held, now heard by";
    arrives(world, node, {voter + 1, message}, name_of(verb, node, voter, term));
  }

  void frees(int voter, int node, Term term) {
    if (limits.mistake == Mistake::release_frees_newer_terms) term = limits.terms;
    const LeaseStep freed = tell(world.nodes[voter], voter, node, {.kind = Kind::release, .term = term}, Wish::idle);
    if (freed.lease.bound_until == world.nodes[voter].bound_until) return;
    add(name_of("gave back, now heard by", node, voter, term), world).nodes[voter] = freed.lease;
  }

  void ends(int node, Wish wish) {
    World& w = add(name_of(wish == Wish::idle ? "idles" : "gives back", node), world);
    if (wish == Wish::give_back) w.outlives[node] = 0;  // proof of death
    take(w, node, on_tick(world.nodes[node], setups[node], here, wishing(wish)));
  }

  void is_granted(int node) {
    std::vector<std::pair<int, int>> by_age;
    for (int voter = 0; voter < limits.voters; ++voter)
      if (world.grants[node][voter] != World::none) by_age.emplace_back(world.grants[node][voter], voter);
    if (static_cast<int>(by_age.size()) + 1 < setups[node].majority()) return;
    std::ranges::sort(by_age);
    World& w = add(name_of("is granted its term", node), world);
    const Lease::Times before = w.nodes[node].acked;
    for (const auto& [age, voter] : by_age) {
      LeaseMessage grant{.kind = Kind::grant, .term = world.nodes[node].candidacy->term, .sent = here - Millis{age}};
      if (limits.mistake == Mistake::lease_counts_from_receipt) grant.sent = here;
      take(w, node, tell(w.nodes[node], node, voter, grant, Wish::hold));
    }
    if (limits.mistake != Mistake::keeps_older_acknowledgements) return;
    for (size_t i = 0; i < before.size(); ++i) w.nodes[node].acked[i] = std::max(w.nodes[node].acked[i], before[i]);
  }

  /// With the note of what it held, or without (it could not be written).
  void restarts(int node, Term noted) {
    const Lease& before = world.nodes[node];
    World& w = add(name_of(noted == 0 ? "restarts" : "restarts and goes on", node), world);
    const Instant until = valid_until(before, setups[node]);
    if (until != Lease::never) w.outlives[node] = std::max(w.outlives[node], static_cast<int>((until - here).count()));
    const bool forgets = limits.mistake == Mistake::promise_forgotten;
    Lease after = lease_after_start(setups[node], forgets ? Promise{} : before.promise, here, noted);
    if (after.term != 0) after.acked = before.acked;
    if (limits.mistake == Mistake::start_is_not_waited_for) after.bound_until = here;
    if (limits.mistake == Mistake::older_lease_forgotten) after.owed_until = Lease::never;
    w.grants[node].fill(World::none);
    w.nodes[node] = after;
  }
};

}  // namespace

void successors(const World& world, const Limits& limits, std::vector<World>& next, std::vector<std::string>* names) {
  Moves moves{world, limits, next, names};
  for (int i = 0; i < limits.voters; ++i) {
    const Lease& node = world.nodes[i];
    if (i < limits.candidates) moves.holds_or_asks(i);
    if (i < limits.candidates && limits.late) moves.is_heard(i);
    if (node.candidacy) moves.is_granted(i);
    if (node.candidacy) moves.ends(i, Wish::idle);
    if (node.candidacy || node.term != 0) moves.ends(i, Wish::give_back);
    if (limits.restarts) moves.restarts(i, 0);
    if (limits.restarts && node.term != 0) moves.restarts(i, node.term);
  }
  pass_a_tick(moves.add(names == nullptr ? "" : "tick", world), limits, -1);
  if (limits.slow >= 0 && world.held_back == 0)
    pass_a_tick(moves.add(moves.name_of("stands still for a tick", limits.slow), world), limits, limits.slow);
}

}  // namespace picket::exploration
