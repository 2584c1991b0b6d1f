#include "core/crash.hpp"

namespace picket {
namespace {

bool in_loop(const Memory& m, Instant now) {
  return m.crashes.size() >= crash_limit && now - m.crashes.front() <= crash_window;
}

void remember_end(Memory& m, const Board& board, Postmaster postmaster, Instant now) {
  const bool gone = postmaster == Postmaster::absent || postmaster == Postmaster::orphans;
  // What was confirmed is forgotten at the end of the round that sees the end first.
  const bool just_lost = gone && m.state.held && !m.state.suspended;
  const bool back = !gone && (m.state.held || m.role == Role::standby);
  if (just_lost || back) {
    m.lost_at.reset();
    m.crashed = false;
  }
  if (just_lost) m.lost_at = now;
  if (!gone || !m.lost_at || m.crashed || !board.postmaster.left_pid_file) return;
  m.crashed = true;
  m.crashes.push_back(*m.lost_at);
  if (m.crashes.size() > crash_limit) m.crashes.erase(m.crashes.begin());
}

}  // namespace

bool see_crash(Memory& m, const Board& board, Postmaster postmaster, const ClusterView& view, MarkerState marker,
               Instant now, const Policy& policy) {
  remember_end(m, board, postmaster, now);
  if (!m.crashed || policy.on_crash == OnCrash::release || in_loop(m, now)) return false;
  if (now - *m.lost_at > policy.restart_within || marker != MarkerState::none) return false;
  // Systemd cannot be asked, or somebody else is at it.
  if (!board.unit.known || board.unit.job == "stop" || board.start_refused) return false;
  return view.reach == Majority::fresh && view.rival.rival == Rival::none;
}

std::string crash_alarm(const Memory& m, Instant now) {
  if (!m.crashed || !in_loop(m, now)) return {};
  return "PostgreSQL has crashed " + std::to_string(crash_limit) + " times within " +
         std::to_string(crash_window.count() / 1000) + " s: it is not started in place again";
}

}  // namespace picket
