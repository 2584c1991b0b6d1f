// The lease of the simulation in its world: the disk that messages wait for, as in agent/lease/keeper.cpp, the order of
// events, and the invariants.

#include <algorithm>
#include <utility>

#include "core/lease/simulation.hpp"

namespace picket::simulation {
namespace {
using Kind = LeaseMessage::Kind;
}

void Simulation::take(int i, LeaseStep step) {
  Agent& a = at(i).agent;
  if (a.lease.promise.term > step.lease.promise.term) fail("a promise goes back");
  a.lease = std::move(step.lease);
  if (step.persist) ++a.made;
  const uint64_t needs = options_.mistake == Mistake::sent_before_written ? 0 : a.made;
  for (Envelope& envelope : step.send) a.waiting.push_back({needs, std::move(envelope)});
  begin_writing(i);
  send_written(i);
  judge(i);
}

void Simulation::begin_writing(int i) {
  Node& n = at(i);
  Agent& a = n.agent;
  if (a.writing != 0 || a.written == a.made || a.retry) return;
  a.writing = a.made;
  a.on_its_way = a.lease.promise;
  plan(What::disk, i, now_ + random_.between(n.disk_least, n.disk_most));
}

void Simulation::disk_done(int i) {
  Node& n = at(i);
  Agent& a = n.agent;
  const bool fails = random_.chance(n.disk_fails);
  const uint64_t number = std::exchange(a.writing, 0);
  if (!fails || random_.chance(500)) {
    if (options_.mistake != Mistake::promise_forgotten && n.durable.term > a.on_its_way.term)
      fail("a durable promise goes back");
    n.durable = a.on_its_way;
  }
  if (fails) {
    std::erase_if(a.waiting, [&](const Agent::Waiting& w) { return w.needs > a.written; });
    a.retry = true;
    return plan(What::retry, i, now_ + n.clock.lasting(Millis{500}));
  }
  a.written = number;
  // The crash between the promise and the first message that follows from it.
  if (!healed_ && !options_.quiet && random_.chance(20)) {
    say(i, "agent crashes between its promise and the message");
    agent_ends(i);
    return plan(What::agent_starts, i, now_ + random_.between(100 * ms, second));
  }
  send_written(i);
  begin_writing(i);
}

void Simulation::send_written(int i) {
  Agent& a = at(i).agent;
  const auto held = std::ranges::find_if(a.waiting, [&](const Agent::Waiting& w) { return w.needs > a.written; });
  for (auto w = a.waiting.begin(); w != held; ++w) post(i, w->envelope);
  a.waiting.erase(a.waiting.begin(), held);
}

void Simulation::post(int from, const Envelope& envelope) {
  const Kind kind = envelope.message.kind;
  if (kind == Kind::grant || kind == Kind::ack || kind == Kind::request || kind == Kind::heartbeat)
    at(from).told = std::max(at(from).told, envelope.message.term);
  const int to = envelope.to - 1;
  if (cut_[from][to]) return;
  for (int copies = random_.chance(doubled_) ? 2 : 1; copies > 0; --copies) {
    if (random_.chance(loss_)) continue;
    uint32_t index = static_cast<uint32_t>(letters_.size());
    if (free_letters_.empty()) {
      letters_.push_back({from, envelope.message});
    } else {
      index = free_letters_.back();
      free_letters_.pop_back();
      letters_[index] = {from, envelope.message};
    }
    plan(What::letter, to, now_ + random_.between(delay_least_, delay_most_), index);
  }
}

// --- what a run is judged by ---

void Simulation::fail(const std::string& why) {
  if (report_.violation.empty()) report_.violation = std::to_string(now_ / ms) + " ms: " + why;
}

bool Simulation::holds(int i) const {
  const Node& n = at(i);
  const Instant now = n.clock.at(now_);
  return now < n.outlives || (n.agent.up && now < valid_until(n.agent.lease, n.setup));
}

// Two leases that are valid at once begin to be so in a step of one of the two: looking after each step misses nothing.
void Simulation::judge(int i) {
  Node& n = at(i);
  const Lease& lease = n.agent.lease;
  if (n.clock.at(now_) >= valid_until(lease, n.setup)) {
    if (options_.quiet && n.valid_term != 0) fail("n" + std::to_string(i + 1) + " lost its lease in a quiet cluster");
    n.valid_term = 0;
    return;
  }
  for (int j = 0; j < count_; ++j)
    if (j != i && holds(j))
      fail("n" + std::to_string(i + 1) + " and n" + std::to_string(j + 1) + " both hold a valid lease (terms " +
           std::to_string(lease.term) + " and " + std::to_string(at(j).agent.lease.term) + ")");
  if (lease.term < top_term_ || (lease.term == top_term_ && top_node_ != i))
    fail("n" + std::to_string(i + 1) + " holds term " + std::to_string(lease.term) + " after term " +
         std::to_string(top_term_));
  n.had = true;
  if (lease.term >= top_term_) top_node_ = i;
  top_term_ = std::max(top_term_, lease.term);
  if (n.valid_term == lease.term) return;
  n.valid_term = lease.term;
  ++report_.wins;
  say(i, "holds term " + std::to_string(lease.term));
}

void Simulation::judge_service() {
  int primaries = 0;
  bool served = false;
  for (int i = 0; i < count_; ++i) {
    settle(i);
    const Node& n = at(i);
    if (!n.pg.running || n.pg.role != Role::primary || now_ < n.pg.starting_until || frozen(i)) continue;
    ++primaries;
    served = served || (n.agent.up && holds(i));
  }
  if (primaries > 1) report_.two_writers += Millis{(now_ - last_look_) / ms};
  last_look_ = now_;
  if (healed_ && served && report_.served_after < Millis{0}) report_.served_after = Millis{(now_ - heal_at_) / ms};
}

void Simulation::happen(const Event& event) {
  const int i = event.node;
  Node& n = at(i);
  switch (event.what) {
    case What::agent_starts: return now_ < n.host_down_until ? void() : agent_starts(i);
    case What::host_starts:
      if (n.agent.up || now_ < n.host_down_until) return;
      n.noted = 0;  // it lay in /run
      n.had = false;
      n.clock.booted = now_ - random_.between(0, 10 * second);
      n.outlives = {};
      agent_starts(i);
      return;
    case What::repmgrd: return repmgrd(i);
    case What::fault: return draw_fault();
    default: break;
  }
  // The rest is the agent's: it waits for one that is paused, and is lost on one that is not there.
  const bool letter = event.what == What::letter;
  const Moment paused = std::max(n.paused_until, n.agent_paused_until);
  if (n.agent.up && now_ < paused) {
    Event later = event;
    later.at = paused;
    later.order = ++order_;
    events_.push(later);
    return;
  }
  if (letter) {
    Letter arrived = letters_[event.letter];
    free_letters_.push_back(event.letter);
    if (!n.agent.up) return;
    LeaseMessage& m = arrived.message;
    if (options_.mistake == Mistake::lease_counts_from_receipt && (m.kind == Kind::ack || m.kind == Kind::grant))
      m.sent = n.clock.at(now_);
    return take(i, on_message(n.agent.lease, n.setup, arrived.from + 1, m, n.clock.at(now_), n.agent.input));
  }
  if (!n.agent.up || event.run != n.agent.run) return;
  if (event.what == What::tick) return tick(i);
  if (event.what == What::disk) return disk_done(i);
  n.agent.retry = false;
  begin_writing(i);
}

void Simulation::plan(What what, int i, Moment when, uint32_t letter) {
  events_.push({when, ++order_, what, i, at(i).agent.run, letter});
}

Report Simulation::run() {
  while (!events_.empty() && report_.violation.empty()) {
    const Event event = events_.top();
    if (event.at >= end_) break;
    events_.pop();
    now_ = event.at;
    ++report_.events;
    if (!healed_ && now_ >= heal_at_) heal();
    happen(event);
  }
  for (int i = 0; i < count_; ++i) tell_state(i);
  return std::move(report_);
}

}  // namespace picket::simulation
