#include "fence/ladder.hpp"

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

#include "fence/control_group.hpp"
#include "loop/read_file.hpp"
#include "systemd/unit.hpp"

namespace picket {
namespace {

constexpr size_t most_rungs = 40;

std::string signal_name(int signal) {
  switch (signal) {
    case SIGINT: return "SIGINT";
    case SIGQUIT: return "SIGQUIT";
    default: return "SIGKILL";
  }
}

Units::Done accepted(std::function<void(const std::string&)> ended) {
  return [ended = std::move(ended)](const std::string& error) { ended(error.empty() ? "accepted" : error); };
}

bool same_process(const ServerProcess& a, const ServerProcess& b) {
  // The start time has a resolution of 10 ms and is computed anew at each look.
  const auto apart = a.started < b.started ? b.started - a.started : a.started - b.started;
  return a.pid == b.pid && apart <= Millis{20};
}

// When the processes cannot be searched for, the one that postmaster.pid named is still worth a try: before anything is
// sent to it, it is shown to be a server process.
std::vector<ServerProcess> processes_of(const FenceTarget& target) {
  if (auto found = server_processes(target.data_directory, target.owner)) return *found;
  if (target.postmaster_pid <= 0) return {};
  return {ServerProcess{target.postmaster_pid, Instant{}}};
}

// Without D-Bus nobody told us the control group of the unit; the postmaster, if it runs in the unit at all, knows it.
FenceTarget completed(FenceTarget target) {
  if (!target.control_group.empty() || target.unit.empty() || target.postmaster_pid <= 0) return target;
  const auto text = read_file("/proc/" + std::to_string(target.postmaster_pid) + "/cgroup");
  target.control_group = cgroup_of_unit(text.value_or(""), target.unit).value_or("");
  return target;
}

}  // namespace

Ladder::Ladder(Loop& loop, Units& units, std::function<void()> changed, SessionCutter* cutter)
    : units_(units), changed_(std::move(changed)), sessions_(cutter), timer_(loop, [this] { tick(); }) {}

void Ladder::cut_sessions(const FenceTarget& target, Action action) {
  if (!climbing_) {
    sessions_.begin_anew();
    cut_ahead_ = true;
  }
  sessions_.cut(target, action);
}

void Ladder::climb(FenceTarget target, Action action) {
  if (action != Action::stop_fast && action != Action::stop_now && action != Action::kill_rest)
    throw std::invalid_argument("the ladder only stops and kills");
  if (climbing_ && target.data_directory == target_.data_directory) {
    strengthen(std::move(target), action);
  } else {
    begin(std::move(target), action);
  }
  tell();
}

void Ladder::begin(FenceTarget target, Action action) {
  ++climb_number_;
  target_ = completed(std::move(target));
  prover_.emplace(target_);
  progress_ = Progress{};
  progress_.action = action;
  progress_.decided = boot_now();
  climbing_ = true;
  killed_ = false;
  rest_.reset();
  session_rung_.reset();
  if (!std::exchange(cut_ahead_, false)) sessions_.begin_anew();
  cut_again();
  // What lives is signalled before it is looked at in every way: the proof asks the kernel for its addresses, and that
  // list may be locked for seconds while a driver resets the very card that cut us off.
  const auto processes = processes_of(target_);
  if (processes.empty() && proved()) return;
  timer_.every(look_every);
  if (action == Action::kill_rest) {
    rest_ = orphans(processes);
    // Only where nothing else lives in the unit.
    if (rest_->size() == processes.size()) kill_unit("all", SIGKILL);
    kill_now();
  } else {
    deadline_ = progress_.decided + (action == Action::stop_fast ? fast_budget : now_budget);
    ask_politely();
  }
}

void Ladder::strengthen(FenceTarget target, Action action) {
  // What was known once is not forgotten: postmaster.pid goes away while the processes it named are still dying.
  if (target.unit.empty()) target.unit = target_.unit;
  if (target.control_group.empty()) target.control_group = target_.control_group;
  if (target.shared_memory_id < 0) target.shared_memory_id = target_.shared_memory_id;
  if (target.followers.empty()) target.followers = target_.followers;
  if (!target.owner) target.owner = target_.owner;
  if (target.virtual_address.empty()) target.virtual_address = target_.virtual_address;
  if (target.port == 0) {
    target.port = target_.port;
    target.tcp_host = target_.tcp_host;
    target.socket_folder = target_.socket_folder;
  }
  if (target != target_) {
    target_ = std::move(target);
    prover_.emplace(target_);
  }
  const Action before = progress_.action;
  if (action == before || (before == Action::stop_now && action == Action::stop_fast)) return;
  if (before == Action::kill_rest) {
    // From now on a server that was started meanwhile is stopped as well.
    rest_.reset();
    progress_.action = action;
    return ask_politely();
  }
  if (action == Action::kill_rest) {
    deadline_ = boot_now();
    return climb_on();
  }
  progress_.action = Action::stop_now;
  deadline_ = std::min(deadline_, boot_now() + now_budget);
  ask_politely();
}

void Ladder::ask_politely() {
  const int signal = progress_.action == Action::stop_fast ? SIGINT : SIGQUIT;
  // All at once, because none of them can be relied on: systemd may not answer, may refuse, or may know nothing of a
  // server started by hand; we may not be allowed to signal. A second signal of the same kind changes nothing for
  // PostgreSQL.
  stop_unit();
  if (signal == SIGQUIT) kill_unit("main", signal);
  signal_directly(without_parents(processes_of(target_)), signal);
  if (!killed_) set_phase("stopping");
}

void Ladder::kill_now() {
  killed_ = true;
  last_kill_ = boot_now();
  if (!rest_) kill_unit("all", SIGKILL);
  set_phase(kill_directly() ? "killing" : "proving");
}

bool Ladder::kill_directly() {
  auto processes = processes_of(target_);
  if (rest_) {
    std::erase_if(processes, [this](const ServerProcess& process) {
      return std::none_of(rest_->begin(), rest_->end(),
                          [&](const ServerProcess& other) { return same_process(process, other); });
    });
  }
  if (!processes.empty()) signal_directly(parents_first(processes), SIGKILL);
  // Then what they have started (an archive command): it cannot commit, but the control group is not empty with it.
  if (!rest_)
    if (const auto outcome = signal_group(target_.control_group, target_.unit, SIGKILL); !outcome.empty())
      end_rung(begin_rung("SIGKILL to the control group"), outcome);
  return !processes.empty();
}

void Ladder::signal_directly(const std::vector<ServerProcess>& processes, int signal) {
  const auto outcome = signal_servers(target_.data_directory, processes, signal);
  if (outcome.empty()) return;
  end_rung(begin_rung(signal_name(signal) + " directly"), outcome);
}

void Ladder::stop_unit() {
  if (target_.unit.empty()) return;
  units_.stop_unit(target_.unit, "replace", accepted(rung("StopUnit " + target_.unit)));
}

void Ladder::kill_unit(const std::string& who, int signal) {
  if (target_.unit.empty()) return;
  units_.kill_unit(target_.unit, who, signal,
                   accepted(rung("KillUnit " + target_.unit + " " + who + " " + signal_name(signal))));
}

void Ladder::cancel() {
  if (!climbing_) return;
  ++climb_number_;  // answers that are still under way belong to nobody
  end("idle");
  tell();
}

void Ladder::tick() {
  climb_on();
  tell();
}

void Ladder::climb_on() {
  if (proved()) return;
  cut_again();
  if (!killed_) {
    if (boot_now() >= deadline_) kill_now();
  } else {
    if (!rest_ && boot_now() - last_kill_ >= again_every) {
      last_kill_ = boot_now();
      stop_unit();
      kill_unit("all", SIGKILL);
    }
    const bool left = kill_directly();
    if (rest_ && !left && !processes_of(target_).empty()) return end("idle");  // a server that was started meanwhile
    set_phase(left ? "killing" : "proving");
  }
  if (since() >= prove_within) set_phase("not proved");
}

void Ladder::cut_again() {
  sessions_.cut(target_, progress_.action);
  if (!sessions_.used()) return;
  if (!session_rung_) session_rung_ = begin_rung(sessions_.what());
  if (*session_rung_ >= progress_.rungs.size()) return;
  Rung& rung = progress_.rungs[*session_rung_];
  rung.what = sessions_.what();  // a stop that was made harder cuts more
  if (rung.outcome != sessions_.outcome()) end_rung(*session_rung_, sessions_.outcome());
}

bool Ladder::proved() {
  const auto proof = prover_->look();
  progress_.proof = proof.sentence;
  progress_.total = since();
  if (proof.proved) end("proved");
  return proof.proved;
}

void Ladder::end(const std::string& phase) {
  climbing_ = false;
  timer_.stop();
  set_phase(phase);
}

void Ladder::set_phase(const std::string& phase) {
  // Between two looks the phase may be named twice; "not proved" is final until the proof.
  if (progress_.phase == "not proved" && climbing_) return;
  if (progress_.phase == phase) return;
  progress_.phase = phase;
  untold_ = true;
}

void Ladder::tell() {
  if (!std::exchange(untold_, false)) return;
  const auto changed = changed_;
  if (changed) changed();
}

size_t Ladder::begin_rung(std::string what) {
  if (progress_.rungs.size() == most_rungs) return most_rungs;
  progress_.rungs.push_back({std::move(what), since(), Millis{0}, ""});
  return progress_.rungs.size() - 1;
}

void Ladder::end_rung(size_t number, const std::string& outcome) {
  if (number >= progress_.rungs.size()) return;
  progress_.rungs[number].ended = since();
  progress_.rungs[number].outcome = outcome;
  untold_ = true;
}

std::function<void(const std::string&)> Ladder::rung(std::string what) {
  return [this, alive = lifetime_.watch(), climb = climb_number_,
          number = begin_rung(std::move(what))](const std::string& outcome) {
    if (alive.expired() || climb != climb_number_) return;
    end_rung(number, outcome);
    tell();
  };
}

}  // namespace picket
