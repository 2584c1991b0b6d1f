#include "last_resort.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "core/words.hpp"
#include "log.hpp"

namespace picket {
namespace {

constexpr Millis look_again{5000};

// The rest of a server that has crashed is not fenced: nobody resets a machine for it.
bool not_proved(const Ladder& ladder) {
  const Progress& progress = ladder.progress();
  return ladder.climbing() && progress.phase == "not proved" && progress.action != Action::kill_rest;
}

// No process is left here that could commit as a primary.
bool nothing_to_guard(const Snapshot& s) {
  const PostmasterFacts& postmaster = s.board.postmaster;
  return s.verdict.role == Role::standby ||
         (postmaster.process == PostmasterFacts::Process::absent && postmaster.survivors == 0);
}

std::string reasons(const Snapshot& s) {
  std::string text;
  for (const auto& reason : s.board.marker.reasons) text += (text.empty() ? "" : ",") + reason;
  return text.empty() ? std::string(word(s.verdict.reason)) : text;
}

}  // namespace

LastResort::LastResort(Loop& loop, const Config& config, Ladder& ladder)
    : ladder_(ladder), note_(config.run_directory + "/watchdog.armed") {
  if (config.policy.level == Level::observe) return;
  if (!config.fence.watchdog.empty()) {
    watchdog_ = std::make_unique<Watchdog>(loop, linux_watchdog(config.fence.watchdog), config.fence.watchdog_timeout,
                                           [](const std::string& sentence) { log(Priority::warning, sentence); });
    noted_ = access(note_.c_str(), F_OK) == 0;
    if (noted_) watchdog_->arm();
  }
  command_ = split_words(config.fence.stonith_hook);
  if (!command_.empty()) hook_ = std::make_unique<Hook>(loop, hook_limit);
}

LastResort::~LastResort() {
  if (!watchdog_ || !watchdog_->armed() || not_proved(ladder_)) return;
  log(Priority::warning, "the watchdog is let go: until the agent runs again nothing guards this primary");
  remember(false);
}

void LastResort::round(const Snapshot& snapshot, const FenceTarget& target) {
  const bool failed = not_proved(ladder_);
  if (watchdog_) watch(snapshot, target, failed);
  if (hook_ && failed) call_hook(snapshot);
}

void LastResort::watch(const Snapshot& snapshot, const FenceTarget& target, bool failed) {
  if (failed)
    watchdog_->starve();
  else if (snapshot.verdict.rule == Rule::R1 && (watchdog_->armed() || proof_is_possible(target)))
    watchdog_->arm();
  else if (!ladder_.climbing() && nothing_to_guard(snapshot))
    watchdog_->release();
  else
    watchdog_->keep();
  // An agent that crashes with an unproved fence leaves none: the next one must not save the machine.
  remember(watchdog_->armed() && !failed);
}

// Armed where no proof is possible, it would reset the machine at the first fence.
bool LastResort::proof_is_possible(const FenceTarget& target) {
  if (boot_now() < next_look_) return false;
  next_look_ = boot_now() + look_again;
  const std::string before = std::exchange(blind_, Prover(target).blind());
  if (!blind_.empty() && blind_ != before)
    log(Priority::warning, "the watchdog is not armed, since no fence could be proved here: " + blind_);
  return blind_.empty();
}

// On a tmpfs, and only when it changes.
void LastResort::remember(bool armed) {
  if (armed == noted_) return;
  noted_ = armed;
  if (armed)
    const Fd made{open(note_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  else
    unlink(note_.c_str());
}

void LastResort::call_hook(const Snapshot& snapshot) {
  const Instant now = boot_now();
  if (hook_->running() || (last_hook_ != Instant{} && now - last_hook_ < hook_again)) return;
  last_hook_ = now;
  std::vector<std::string> words = command_;
  words.insert(words.end(), {std::to_string(snapshot.board.self_id), snapshot.board.self_name, reasons(snapshot)});
  std::string text;
  for (const auto& each : words) text += (text.empty() ? "" : " ") + each;
  log(Priority::error, "the fence is not proved: stonith_hook " + text + " is started");
  hook_->run(std::move(words), [text, rung = ladder_.rung("stonith_hook " + text)](const std::string& outcome) {
    log(Priority::error, "stonith_hook " + text + ": " + outcome);
    rung(outcome);
  });
}

}  // namespace picket
