#include "core/crash.hpp"

namespace picket {
namespace {

/// Of the crash that was seen last.
bool in_loop(const Memory& m) {
  return m.crashed && m.crashes.size() >= crash_limit && m.crashes.back() - m.crashes.front() <= crash_window;
}

void remember_end(Memory& m, const Board& board, Postmaster postmaster, Instant now) {
  const bool gone = postmaster == Postmaster::absent || postmaster == Postmaster::orphans;
  // Whoever shuts it down and then loses patience (kill -9, a unit's stop timeout) wants it stopped all the same.
  if (postmaster == Postmaster::stopping || board.unit.job == "stop")
    m.stop_wanted = true;
  else if (!gone)
    m.stop_wanted = false;
  // What was confirmed is forgotten at the end of the round that sees the end first.
  const bool just_lost = gone && m.state.held && !m.state.suspended;
  const bool back = !gone && (m.state.held || m.role == Role::standby);
  if (just_lost || back || m.stop_wanted) {
    m.lost_at.reset();
    m.crashed = false;
  }
  if (just_lost && !m.stop_wanted) m.lost_at = now;
  if (!gone || !m.lost_at || m.crashed || !board.postmaster.left_pid_file) return;
  m.crashed = true;
  m.crashes.push_back(*m.lost_at);
  if (m.crashes.size() > crash_limit) m.crashes.erase(m.crashes.begin());
}

}  // namespace

bool see_crash(Memory& m, const Board& board, Postmaster postmaster, const ClusterView& view, MarkerState marker,
               Instant now, const Policy& policy) {
  remember_end(m, board, postmaster, now);
  if (!m.crashed || policy.on_crash == OnCrash::release || in_loop(m)) return false;
  if (now - *m.lost_at > policy.restart_within || marker != MarkerState::none) return false;
  // Systemd cannot be asked, or the start gate said no.
  if (!board.unit.known || board.start_refused) return false;
  return view.reach == Majority::fresh && view.rival.rival == Rival::none;
}

std::string crash_alarm(const Memory& m) {
  if (!in_loop(m)) return {};
  return "PostgreSQL has crashed " + std::to_string(crash_limit) + " times within " +
         std::to_string(crash_window.count() / 1000) + " s: it is not started in place again";
}

}  // namespace picket
