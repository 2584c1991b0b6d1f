// The faults of the simulation, and their end.

#include <algorithm>

#include "core/lease/simulation.hpp"

namespace picket::simulation {

// Whether this one can serve without a human. Whoever has less of the log than a fenced standby is not granted the
// lease; repmgr elects by the byte alone, whatever the timeline; and where two primaries are left of one timeline, or a
// former one runs that knows of a newer lease, nobody is told which to keep.
bool Simulation::eligible(const Node& n) const {
  if (n.fenced()) return false;
  const bool primary = n.pg.role == Role::primary;
  // A primary may be fenced in this moment, and comes back only when a majority of servers answers.
  const auto others =
      std::ranges::count_if(nodes_, [](const Node& o) { return o.pg.running && o.pg.role == Role::standby; });
  if (primary && (!n.pg.running || 2 * (1 + others) <= count_)) return false;
  // Who won last is known to those who heard his heartbeats, and only until their agents end. When nobody is left who
  // knows, an older holder's word can stand against the newest primary.
  const auto knows = [&](const Node& o) { return o.agent.up && o.agent.lease.won_term == top_term_; };
  if (std::ranges::none_of(nodes_, knows) || (primary && top_node_ != n.setup.self - 1)) return false;
  return std::ranges::all_of(nodes_, [&](const Node& o) {
    if (&o == &n) return true;
    if (o.pg.role == Role::standby)
      return primary || (o.pg.position <= n.pg.position && o.pg.position.lsn <= n.pg.position.lsn);
    if (primary) return o.pg.position.timeline < n.pg.position.timeline;
    const bool last = top_node_ == o.setup.self - 1;
    return !o.pg.running && o.pg.position.timeline <= n.pg.position.timeline - (last ? 0 : 1);
  });
}

void Simulation::heal() {
  healed_ = true;
  say(0, "ALL HEALS");
  for (auto* links : {&cut_, &sql_cut_})
    for (auto& row : *links) row.fill(false);
  loss_ = doubled_ = 0;
  delay_least_ = 0;
  delay_most_ = 5 * ms;
  for (int i = 0; i < count_; ++i) {
    Node& n = at(i);
    n.disk_fails = 0;
    n.disk_most = std::max(n.disk_least, 20 * ms);
    report_.eligible = report_.eligible || eligible(n);
  }
}

void Simulation::draw_fault() {
  if (now_ >= heal_at_) return;
  // Some come together, and many where they matter.
  plan(What::fault, 0, now_ + random_.between(0, random_.chance(500) ? 600 * ms : 10 * second));
  const int i = top_node_ >= 0 && random_.chance(400) ? top_node_ : random_.below(count_);
  const int j = (i + 1 + random_.below(count_ - 1)) % count_;  // in this order, or a seed is another story elsewhere
  fault(random_.below(26), i, j);
}

void Simulation::fault(int kind, int i, int j) {
  Node& n = at(i);
  const Moment left = heal_at_ - now_;
  const auto pause = [&] {
    return now_ + std::min(left, random_.between(300 * ms, random_.chance(300) ? 20 * second : 4 * second));
  };
  switch (kind) {
    case 0: cut_[i][j] = true, say(i, "cannot send to n" + std::to_string(j + 1)); break;
    case 1: cut_[i][j] = cut_[j][i] = true, say(i, "cut from n" + std::to_string(j + 1)); break;
    case 2:
    case 3:
      for (int k = 0; k < count_; ++k) cut_[i][k] = cut_[k][i] = k != i;
      say(i, "isolated");
      break;
    case 4: {
      const auto side = random_.next();
      for (int a = 0; a < count_; ++a)
        for (int b = 0; b < count_; ++b) cut_[a][b] = (side >> a & 1U) != (side >> b & 1U);
      say(i, "the network splits");
      break;
    }
    case 5:
    case 6:
    case 7:
      for (auto* links : {&cut_, &sql_cut_})
        for (auto& row : *links) row.fill(false);
      say(i, "all links heal");
      break;
    case 8: end_postgres(i, true); break;
    case 9:
      n.pg.hung_from = now_, n.pg.hung_until = now_ + std::min(left, random_.between(second, 30 * second));
      say(i, "PostgreSQL hangs");
      break;
    case 10: n.paused_until = pause(), say(i, "host paused"); break;
    case 11: n.agent_paused_until = pause(), say(i, "agent paused"); break;
    case 12:
    case 13:
      say(i, "agent ends");
      agent_ends(i);
      plan(What::agent_starts, i,
           now_ + std::min(left, random_.between(50 * ms, random_.chance(200) ? 20 * second : second)));
      break;
    case 14:
      say(i, "host loses power");
      agent_ends(i);
      end_postgres(i, true);
      n.outlives = {};
      n.resumed = {};
      n.paused_until = n.agent_paused_until = 0;
      n.host_down_until = now_ + std::min(left, random_.between(5 * second, 30 * second));
      plan(What::host_starts, i, n.host_down_until);
      break;
    case 15:
      loss_ = random_.below(400), doubled_ = random_.below(200), delay_most_ = random_.between(ms, 300 * ms);
      say(i, "the network is bad");
      break;
    case 16: loss_ = doubled_ = 0, delay_most_ = 2 * ms, say(i, "the network is good"); break;
    case 17: sql_cut_[i][j] = true, say(i, "its PostgreSQL is cut from n" + std::to_string(j + 1)); break;
    case 18:
    case 19:
      for (int k = 0; k < count_; ++k) sql_cut_[k][i] = k != i;
      say(i, "its PostgreSQL cannot be reached");
      break;
    case 20:
      n.repmgrd.asks_until = now_ + random_.between(5 * second, 20 * second), say(i, "somebody asks for its promotion");
      break;
    case 21:
      n.disk_fails = random_.chance(500) ? random_.below(600) : 0;
      n.disk_most = random_.between(n.disk_least, 200 * ms);
      break;
    case 22:
      for (int k = 0; k < count_; ++k) cut_[k][i] = k != i;
      say(i, "hears nobody");
      break;
    case 23:
    case 24:
      at(j).repmgrd.asks_until = now_ + random_.between(5 * second, 20 * second);
      for (int k = 0; k < count_; ++k) sql_cut_[k][i] = k != i;
      cut_[i][j] = true;
      say(i, "is out of sight of n" + std::to_string(j + 1) + ", which is to be promoted");
      break;
    case 25:
      if (!n.agent.up) break;
      say(i, "agent restarts, and hears nobody");
      agent_ends(i);
      plan(What::agent_starts, i, now_ + std::min(left, random_.between(50 * ms, 500 * ms)));
      for (int k = 0; k < count_; ++k) cut_[k][i] = k != i;
      break;
    default: break;
  }
}

}  // namespace picket::simulation
