#include "agent.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/signals.hpp"
#include "core/words.hpp"
#include "fence_target.hpp"
#include "log.hpp"
#include "report/words.hpp"
#include "settings.hpp"
#include "start_note.hpp"

namespace picket {
namespace {

// An order is repeated when the facts have not followed it for this long.
constexpr Millis order_again{2000};

}  // namespace

Agent::Agent(Loop& loop, Worker& disk, Worker& marker_disk, Worker& names, Bus& bus, Notify& notify,
             FlightRecorder& recorder, const Config& config, const RepmgrConf& repmgr)
    : loop_(loop),
      recorder_(recorder),
      config_(config),
      journal_(notify, acts()),
      soon_(loop, [this] { round(); }),
      each_poll_(loop, [this] { round(); }),
      units_(bus),
      marker_(loop, marker_disk, config.state_directory + "/fence.json", config.run_directory + "/fence.json",
              [this] { soon_.start(Millis{0}); }),
      observers_(loop, disk, names, bus, config, repmgr, [this] { soon_.start(Millis{0}); }),
      failover_(loop, disk, config, repmgr),
      vrrp_(config.keepalived.gate_file, config.keepalived.rank_file),
      ladder_(
          loop, units_,
          [this] {
            report_fence();
            observers_.look_now();
            soon_.start(Millis{0});
          },
          &cutter_),
      withdrawal_(cutter_, observers_, ladder_),
      gate_(has_client_gate(config)
                ? std::make_unique<GateKeeper>(loop, config.lease.client_port, server_port(config, repmgr),
                                               config.lease.duration, [this] { soon_.start(Millis{0}); })
                : nullptr),
      last_resort_(loop, config, ladder_),
      rejoin_(loop, disk, units_, config),
      resume_(config.run_directory + "/state.json"),
      maintenance_(config.run_directory + "/maintenance.json", boot_now()) {
  memory_ = resume_.load(boot_now(), config.policy.isolation_timeout, snapshot_.generation);
  if (marker_.facts().state == MarkerFacts::State::fenced)
    log(Priority::warning, "this node is fenced: " + marker_.facts().sentence);
  if (config.policy.level == Level::lease)
    lease_ = std::make_unique<LeaseKeeper>(loop, names, config, repmgr.node_id, [this] { soon_.start(Millis{0}); });
  each_poll_.every(config.postgresql.poll);
}

Agent::~Agent() {
  // Whoever reads the gate must not go on believing an agent that is gone.
  if (acts()) vrrp_.close_gate();
}

void Agent::round() {
  const Instant now = boot_now();
  Board board = observers_.board();
  board.marker = marker_.facts();
  board.fence_in_progress = ladder_.climbing();
  board.disk.half_rewound = rejoin_.half_rewound(board.disk);
  if (lease_) board.lease = lease_->facts();
  read_note(board);
  snapshot_.maintenance = maintenance_.at(now);
  const Policy policy = policy_now();
  Step step = decide(memory_, board, now, policy);
  // A server that has just become a primary is not confirmed by what the others said before.
  if (step.memory.primary_since != memory_.primary_since) observers_.ask_peers();
  const Memory before = std::exchange(memory_, step.memory);
  signals_ = step.signals;
  const std::vector<std::string> alarms = snapshot_.verdict.alarms;
  const bool changed = publish(step, std::move(board), now);
  recorder_.decided(before, snapshot_.board, now, policy, snapshot_.verdict, changed);
  apply(snapshot_.verdict);
  if (lease_) {
    lease_->tell_times(failover_.times());
    lease_->decided(snapshot_);
  }
  if (acts() && !snapshot_.maintenance) rejoin_.consider(snapshot_.board, signals_.rival >= Rival::proven, now);
  // The journal and systemd, after everything that must not wait for them.
  if (changed) journal_.verdict(snapshot_);
  journal_.alarms(snapshot_, alarms, signals_.rival == Rival::claimed);
}

/// Who works on the node has it in his hands: what crashes meanwhile is not started in place. All else is decided as
/// ever, a stale primary's end first of all.
Policy Agent::policy_now() const {
  Policy policy = config_.policy;
  if (!snapshot_.maintenance) return policy;
  policy.on_crash = OnCrash::release;
  policy.unreachable_stop = Millis{0};
  return policy;
}

FlightRecord Agent::live() const {
  return recorder_.live(memory_, snapshot_.board, snapshot_.decided, policy_now(), snapshot_.verdict);
}

// The run-time directory is a tmpfs: it keeps nobody waiting. A server that runs was let through, or went round the
// gate.
void Agent::read_note(Board& board) {
  const std::string path = start_note_path(config_.run_directory);
  using Process = PostmasterFacts::Process;
  if (board.postmaster.process == Process::absent) {
    note_may_be_there_ = true;
    std::optional<StartRefusal> note = read_start_note(path);
    const bool news = note && (!start_refused_ || note->sentence != start_refused_->sentence);
    start_refused_ = std::move(note);
    if (news) marker_.look_again();  // a proof left one
  } else if (board.postmaster.process == Process::alive && note_may_be_there_) {
    if (acts()) unlink(path.c_str());
    note_may_be_there_ = false;
    start_refused_.reset();
  }
  board.start_refused = start_refused_;
}

// The order of withdrawal: the health page first, then the clients' sessions, the address next, PostgreSQL last.
bool Agent::publish(const Step& step, Board board, Instant now) {
  const bool changed = renew(snapshot_, step.verdict, std::move(board), now);
  snapshot_.level = config_.policy.level;
  snapshot_.fresh = config_.policy.fresh;
  snapshot_.timeline_history = observers_.timeline_history();
  if (lease_) snapshot_.links = lease_->links();
  snapshot_.rejoin = rejoin_.sentence();
  snapshot_.fence_phase = ladder_.progress().phase;
  snapshot_.fence_rungs.clear();
  for (const Rung& rung : ladder_.progress().rungs)
    snapshot_.fence_rungs.push_back(std::to_string(rung.at.count()) + " ms " + rung.what +
                                    (rung.outcome.empty() ? "" : ": " + rung.outcome));
  return changed;
}

void Agent::apply(const Verdict& verdict) {
  if (!acts()) return report_problems();
  // Ordered first of all: closed, it makes what follows harmless for clients, however long that takes. Who gets in
  // before the kernel has closed it is cut with the next round, which comes then.
  if (gate_) gate_->decided(verdict.client_gate, *snapshot_.board.lease, snapshot_.decided);
  if (gate_) snapshot_.client_gate = gate_->view();
  const FenceTarget target = fence_target(observers_, snapshot_.board, config_);
  withdrawal_.before_the_gate(verdict, snapshot_.board, target);
  vrrp_.publish(verdict.vrrp, verdict.advert);
  if (verdict.remove_address)
    address_error_ = observers_.remove_address();
  else
    address_error_.clear();
  act(verdict);
  withdrawal_.after_the_stop(verdict, target);
  last_resort_.round(snapshot_, target);
  resume_error_ = resume_.save(memory_, snapshot_.generation, snapshot_.decided);
  report_problems();
}

void Agent::act(const Verdict& verdict) {
  if (verdict.role != Role::unknown) start_error_.clear();  // whoever has started it
  // Another postmaster, and what it leaves, has not been stopped yet.
  const int pid = snapshot_.board.postmaster.pid;
  if (pid != 0 && pid != ladder_.target().postmaster_pid) last_climb_ = Instant{};
  if (stops(verdict.action)) return stop(verdict);
  call_off(verdict);
  if (!verdict.stale_start.empty())
    marker_.add(std::string(word(FenceReason::stale)), verdict.stale_start, disk_timeline(snapshot_.board.disk));
  if (verdict.action == Action::start) return start();
  if (verdict.clear_marker) {
    log(Priority::notice, "this node is a verified standby again: the fence marker is cleared");
    marker_.clear_all();
  }
}

void Agent::stop(const Verdict& verdict) {
  if (verdict.reason != FenceReason::none)
    marker_.add(std::string(word(verdict.reason)), verdict.sentence, verdict.timeline);
  // Just proved dead: the facts need a moment to say so too. Or what was taken for a rest belongs to a server that
  // lives, and has lost its postmaster.pid.
  const bool done = ladder_.progress().phase == "proved" || verdict.action == Action::kill_rest;
  if (!ladder_.climbing() && done && boot_now() - last_climb_ < order_again &&
      ladder_.progress().action == verdict.action)
    return;
  last_climb_ = boot_now();
  ladder_.climb(fence_target(observers_, snapshot_.board, config_), verdict.action);
}

// A fence that is not proved goes on killing whatever runs there; it must not outlive its reason.
void Agent::call_off(const Verdict& verdict) {
  const bool reason = marker_.facts().state != MarkerFacts::State::none && verdict.role != Role::standby;
  if (!ladder_.climbing() || reason || ladder_.progress().action == Action::kill_rest) return;
  log(Priority::warning,
      "the fence is called off: " +
          std::string(verdict.role == Role::standby ? "PostgreSQL is a standby" : "the marker is gone"));
  ladder_.cancel();
}

void Agent::start() {
  // Not over what is left of the last one: first the proof that it is dead.
  if (ladder_.climbing()) return;
  const Instant now = boot_now();
  if (starting_ || (last_start_ != Instant{} && now - last_start_ < order_again)) return;
  last_start_ = now;
  const std::string unit = observers_.unit_name();
  if (unit.empty()) return start_failed("no unit is known that runs it");
  starting_ = true;
  if (start_error_.empty()) log(Priority::notice, "starting " + unit + " again");
  // A unit that was refused is failed, and one that failed too often would not be started.
  units_.reset_failed(unit, [this, unit, watch = lifetime_.watch()](const std::string&) {
    if (!watch.expired()) start_unit(unit);
  });
}

void Agent::start_unit(const std::string& unit) {
  units_.start_unit(
      unit,
      [this, watch = lifetime_.watch()](const std::string& error) {
        if (watch.expired()) return;
        starting_ = false;
        if (!error.empty()) return start_failed(error);
        // Only now: a start that failed, or an agent that died before it, leaves the node fenced. The server cannot be
        // a primary yet, since its start has only been queued.
        for (const FenceReason over : {FenceReason::isolated, FenceReason::unreachable})
          marker_.clear(std::string(word(over)));
      },
      [this, watch = lifetime_.watch()](const std::string& result) {
        if (!watch.expired() && result != "done") start_failed("its job ended: " + result);
      });
}

// It is tried again as long as the verdict stands; the same failure is told once.
void Agent::start_failed(const std::string& error) {
  if (error != start_error_) log(Priority::error, "PostgreSQL could not be started again: " + error);
  start_error_ = error;
}

void Agent::report_fence() {
  const Progress& progress = ladder_.progress();
  if (progress.phase == logged_phase_) return;
  logged_phase_ = progress.phase;
  const bool left_alone = progress.phase == "idle" && progress.action == Action::kill_rest;
  const std::string what = left_alone                 ? "left alone: a server lives there, or was started since"
                           : progress.phase == "idle" ? "ended without a proof"
                                                      : progress.phase;
  std::string text = "fence: " + what + " after " + std::to_string(progress.total.count()) + " ms";
  if (!progress.proof.empty()) text += ": " + progress.proof;
  log(progress.phase == "not proved" ? Priority::error : Priority::warning, text,
      {{"PICKET_FENCE_PHASE", progress.phase}, {"PICKET_FENCE_MS", std::to_string(progress.total.count())}});
}

void Agent::report_problems() {
  std::vector<std::string> problems = observers_.problems();
  if (!cutter_.why_not().empty())
    problems.push_back("client sessions cannot be cut: " + cutter_.why_not() + "; they end with the server only");
  for (const std::string& problem : {vrrp_.problem(), marker_.trouble(), address_error_, resume_error_})
    if (!problem.empty()) problems.push_back(problem);
  for (const auto& problem : failover_.problems()) problems.push_back(problem);
  for (const auto& problem : recorder_.problems()) problems.push_back(problem);
  if (gate_ && !gate_->view().problem.empty()) problems.push_back(gate_->view().problem);
  if (lease_)
    for (auto& problem : lease_->problems()) problems.push_back(std::move(problem));
  journal_.problems(problems);
  snapshot_.problems = std::move(problems);
}

}  // namespace picket
