#include "withdrawal.hpp"

#include "core/words.hpp"
#include "log.hpp"

namespace picket {
namespace {

bool fences(Action action) { return action == Action::stop_fast || action == Action::stop_now; }

// Withdrawn on evidence against it, and not stopped. A server that somebody is shutting down tells its clients itself.
bool withdrawn(const Verdict& v, const Board& board) {
  return v.action == Action::none && v.advert == Advert::down && v.vrrp == Vrrp::fault && v.role == Role::primary &&
         board.postmaster.process == PostmasterFacts::Process::alive && board.postmaster.status != "stopping";
}

// Other agents watch this server too, and go on. A session whose client is hidden from us (no pg_monitor) is not
// touched.
std::string termination(bool tcp_too) {
  std::string sql =
      "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity"
      " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'picket'";
  if (!tcp_too) sql += " AND client_port = -1";
  return sql;
}

}  // namespace

void Withdrawal::before_the_gate(const Verdict& verdict, const Board& board, const FenceTarget& target) {
  if (fences(verdict.action)) return ladder_.cut_sessions(target, verdict.action);
  if (!withdrawn(verdict, board)) {
    terminated_.reset();
    return;
  }
  cut(verdict, target);
  // Over the UNIX socket, by a pooler on this node, clients still write to a primary that has a proven rival. A server
  // that may only hang keeps them: they came by no address that leaves.
  if (verdict.rule != Rule::R3c || terminated_) return;
  terminated_ = Action::none;
  terminate(target, [](const std::string& outcome) {
    log(Priority::warning, "withdrawn: client sessions over the UNIX socket: " + outcome);
  });
}

// stop_fast only: its SIGINT makes the postmaster do the same, but a frozen one does nothing for two seconds. With
// stop_now it is moot: SIGQUIT and SIGKILL leave no session.
void Withdrawal::after_the_stop(const Verdict& verdict, const FenceTarget& target) {
  if (verdict.action != Action::stop_fast || !ladder_.climbing() || terminated_ == Action::stop_fast) return;
  terminated_ = Action::stop_fast;
  terminate(target, ladder_.rung("pg_terminate_backend over the held session"));
}

void Withdrawal::cut(const Verdict& verdict, const FenceTarget& target) {
  if (target.virtual_address.empty() || target.port == 0) return;
  const Cut done = cutter_.cut(target.port, target.virtual_address, target.followers);
  const std::string place = target.virtual_address + ":" + std::to_string(target.port);
  if (done.cut > 0)
    log(Priority::warning, "withdrawn (" + std::string(word(verdict.rule)) + "): " + std::to_string(done.cut) +
                               " client sessions on " + place + " cut");
  if (!done.error.empty() && done.error != logged_error_)
    log(Priority::warning, "the client sessions on " + place + " cannot be cut: " + done.error);
  logged_error_ = done.error;
}

void Withdrawal::terminate(const FenceTarget& target, std::function<void(const std::string&)> ended) {
  const bool tcp_too = !target.virtual_address.empty() && !cutter_.why_not().empty();
  const std::string error =
      observers_.execute(termination(tcp_too), [ended](const std::string& failure, const Rows& rows) {
        const bool counted = failure.empty() && rows.size() == 1 && rows[0].size() == 1 && rows[0][0];
        ended(counted ? *rows[0][0] + " terminated" : failure.empty() ? "no answer that makes sense" : failure);
      });
  if (!error.empty()) ended(error);
}

}  // namespace picket
