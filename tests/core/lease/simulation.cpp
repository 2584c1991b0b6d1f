// The agents of the simulation: what each sees of its node, decides and does.

#include "core/lease/simulation.hpp"

#include <algorithm>
#include <iostream>
#include <limits>
#include <utility>

#include "core/lease_view.hpp"
#include "core/words.hpp"

namespace picket::simulation {
namespace {
constexpr Millis poll{250};
constexpr Millis promote_within{30'000};
constexpr Millis hook_repeats{2000};
}  // namespace

void Simulation::say(int i, const std::string& text) const {
  if (options_.tell) std::cout << static_cast<double>(now_) / 1e6 << " s n" << i + 1 << ": " << text << '\n';
}

void Simulation::tell_state(int i) const {
  const Node& n = at(i);
  const Lease& l = n.agent.lease;
  say(i, std::string(n.pg.running ? "runs" : "does not run") + (n.pg.role == Role::primary ? " as a primary" : "") +
             ", timeline " + std::to_string(n.pg.position.timeline) + " byte " + std::to_string(n.pg.position.lsn) +
             ", upstream n" + std::to_string(n.pg.upstream + 1) + (n.fenced() ? ", fenced" : "") + ", repmgrd " +
             std::to_string(static_cast<int>(n.repmgrd.doing)) + ", wishes to " +
             std::string(word(n.agent.input.wish)) + ", promise " + std::to_string(l.promise.term) + " to n" +
             std::to_string(l.promise.to) + ", newest holder n" + std::to_string(l.won_by) + " of term " +
             std::to_string(l.won_term) + (holds(i) ? ", holds the lease" : ""));
}

void Simulation::agent_starts(int i) {
  Node& n = at(i);
  if (n.agent.up) return;
  const uint32_t run = n.agent.run + 1;
  n.agent = {};
  n.agent.up = true;
  n.agent.run = run;
  const bool forgets = options_.mistake == Mistake::promise_forgotten;
  const Promise kept = forgets ? Promise{} : n.durable;
  const Instant now = n.clock.at(now_);
  n.agent.lease =
      lease_after_start(n.setup, kept, now, options_.mistake == Mistake::older_lease_forgotten ? 0 : n.noted);
  if (options_.mistake == Mistake::older_lease_forgotten) n.agent.lease.owed_until = Lease::never;
  begin_to_look(i);
  say(i, "agent starts with a promise of term " + std::to_string(kept.term) + " to n" + std::to_string(kept.to));
  if (options_.mistake != Mistake::promise_forgotten && kept.term < n.told)
    fail("n" + std::to_string(i + 1) + " has forgotten a promise that others were told of");
  plan(What::tick, i, now_ + random_.between(0, 100 * ms));
}

void Simulation::agent_ends(int i) {
  Node& n = at(i);
  Agent& a = n.agent;
  if (!a.up) return;
  // A write under way may or may not reach the disk.
  if (a.writing != 0 && random_.chance(500)) n.durable = a.on_its_way;
  n.outlives = std::max(n.outlives, valid_until(a.lease, n.setup));
  n.noted = a.lease.term;
  a.up = false;
  ++a.run;
  ++report_.restarts;
  n.valid_term = 0;
  n.repmgrd.doing = n.repmgrd.doing == Repmgrd::Doing::validating ? Repmgrd::Doing::waiting : n.repmgrd.doing;
}

void Simulation::tick(int i) {
  round(i);
  const Node& n = at(i);
  take(i, on_tick(n.agent.lease, n.setup, n.clock.at(now_), n.agent.input));
  plan(What::tick, i, now_ + n.clock.lasting(poll));
}

void Simulation::round(int i) {
  settle(i);
  Node& n = at(i);
  Agent& a = n.agent;
  const Instant now = n.clock.at(now_);
  look(i);
  Step step = picket::decide(a.memory, a.board, now, policy_);
  a.memory = std::move(step.memory);
  n.resumed = {a.memory.state.held, a.memory.started_us, now};
  const Verdict& v = step.verdict;
  if (options_.tell && v.lease != a.input.wish)
    say(i, "wishes to " + std::string(word(v.lease)) + " by " + std::string(word(v.rule)) + " " + v.sentence);
  if (v.advert == Advert::primary && !lease_is_valid(a.board, now))
    fail("n" + std::to_string(i + 1) + " is offered as the primary without a lease");
  a.input.wish = v.lease;
  a.input.behind.reset();
  // As agent/lease/keeper.cpp.
  const ServerView& server = a.board.server;
  if (server.facts && now - server.facts_asked <= policy_.fresh) {
    a.input.position = {server.facts->timeline, server.facts->lsn};
    if (server.facts->role == Role::standby) a.input.behind = a.input.position;
    if (server.facts->role == Role::primary) a.input.position.lsn = std::numeric_limits<Lsn>::max();
  }
  // Proof of death, or a server that has turned into a standby: nothing of an earlier run goes on.
  if (v.lease == Wish::give_back) {
    n.outlives = {};
    n.had = false;
    n.noted = 0;
  }
  obey(i, v);
}

// As agent/agent.cpp.
void Simulation::obey(int i, const Verdict& v) {
  Node& n = at(i);
  if (v.action == Action::stop_fast || v.action == Action::stop_now) {
    const bool replaced = v.rule == Rule::R3 || v.rule == Rule::R4;
    if (options_.quiet || (replaced && lease_is_valid(n.agent.board, n.clock.at(now_))))
      fail("n" + std::to_string(i + 1) + " is fenced, and is the rightful primary: " + v.sentence);
    fence(i, v.reason, v.timeline);
    if (!n.pg.running || n.pg.dies_at != 0) return;
    say(i, "stops PostgreSQL by " + std::string(word(v.rule)) + " " + v.sentence);
    n.pg.dies_at = now_ + random_.between(50 * ms, 2400 * ms);
    return;
  }
  const bool starts = v.action == Action::start;
  if (starts && (n.pg.running || n.pg.starts_at != 0)) return;
  if (starts) n.pg.starts_at = now_ + 300 * ms;
  if (!v.clear_marker) return;
  n.marker = {.state = MarkerFacts::State::none};
  say(i, "the fence opens by " + std::string(word(v.rule)));
}

void Simulation::fence(int i, FenceReason reason, uint32_t timeline) {
  MarkerFacts& marker = at(i).marker;
  const std::string text{word(reason)};
  if (reason == FenceReason::none || std::ranges::find(marker.reasons, text) != marker.reasons.end()) return;
  marker.state = MarkerFacts::State::fenced;
  marker.reasons.push_back(text);
  marker.timeline = std::max(marker.timeline, timeline);
}

void Simulation::wait_for_lease(int i) {
  Node& n = at(i);
  Agent& a = n.agent;
  const bool asked = a.up && now_ >= std::max(n.paused_until, n.agent_paused_until);
  if (!asked || n.fenced() || !answers(i) || n.pg.role != Role::standby) return;
  const Instant now = n.clock.at(now_);
  const bool valid = now < valid_until(a.lease, n.setup);
  a.campaign_until = std::max(a.campaign_until, now + (valid ? promote_within : hook_repeats));
  if (!valid || n.pg.promoted_at != 0) return;
  n.pg.promoted_at = now_ + random_.between(200 * ms, second);
  say(i, "is promoted with term " + std::to_string(a.lease.term));
  n.repmgrd.doing = Repmgrd::Doing::monitoring;
  n.repmgrd.asks_until = 0;
}

}  // namespace picket::simulation
