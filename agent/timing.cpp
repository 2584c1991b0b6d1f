#include "timing.hpp"

#include <algorithm>
#include <charconv>
#include <regex>

#include "config/values.hpp"
#include "fence/ladder.hpp"
#include "verbs/gate_wait.hpp"

namespace picket {
namespace {

// Between the end of its patience and the last look of ours, and for what a busy machine takes.
constexpr Millis guard_margin{1500};

std::string bound_text(const LeaseTiming& timing) {
  return "a voter may be bound to the old holder for " + duration_text(timing.bound);
}

std::string too_short(Millis wait, const LeaseTiming& timing) {
  return "picket gate vote waits for " + duration_text(wait) + ", and " + bound_text(timing) +
         ": it must wait for at least " + duration_text(timing.bound + vote_margin);
}

bool is_too_short(Millis wait, const LeaseTiming& timing) { return wait < timing.bound + vote_margin; }

std::vector<TimingFault> lease_faults(const LeaseTiming& timing, const RepmgrConf& repmgr, const std::string& file) {
  std::vector<TimingFault> faults;
  const Millis wait = vote_wait_of(repmgr.failover_validation_command);
  const Millis notification = repmgr.primary_notification_timeout;
  if (wait == Millis{0})
    faults.push_back({false, file +
                                 ": failover_validation_command does not call \"picket gate vote\": repmgrd does not "
                                 "wait for the lease, and a promotion that is refused is not tried again"});
  else if (is_too_short(wait, timing))
    faults.push_back({true, file + ": failover_validation_command: " + too_short(wait, timing) + " (--within)"});
  if (wait != Millis{0} && notification <= wait)
    faults.push_back({true, file + ": primary_notification_timeout (" + duration_text(notification) +
                                ") must be greater than what picket gate vote waits for (" + duration_text(wait) +
                                "): else the other standbys give up before there is a new primary"});
  static const std::regex promotes("gate\\s+promote\\b");
  if (!std::regex_search(repmgr.promote_command, promotes))
    faults.push_back({false, file +
                                 ": promote_command does not call \"picket gate promote\": nothing keeps repmgrd from "
                                 "promoting without the lease"});
  return faults;
}

std::vector<TimingFault> guard_faults(const Config& config, const RepmgrConf& repmgr, const std::string& file) {
  const Millis dead = config.policy.isolation_timeout + Ladder::prove_within + guard_margin;
  // repmgrd sleeps only between its attempts.
  const Millis patience = repmgr.reconnect_interval * std::max(0, repmgr.reconnect_attempts - 1);
  if (dead <= patience) return {};
  return {{false, "level guard: a primary that is cut off is dead after up to " + duration_text(dead) +
                      " (guard.isolation_timeout " + duration_text(config.policy.isolation_timeout) +
                      ", and its stop), and " + file + " lets repmgrd promote another after " +
                      duration_text(patience) +
                      " (reconnect_attempts - 1, times reconnect_interval): in between both may take writes"}};
}

}  // namespace

Millis vote_wait_of(const std::string& command) {
  static const std::regex vote("gate\\s+vote\\b(.*)"), within("--within[=\\s]+([0-9]+)");
  std::smatch rest, number;
  if (!std::regex_search(command, rest, vote)) return Millis{0};
  const std::string options = rest[1].str();
  if (!std::regex_search(options, number, within)) return std::chrono::seconds(default_gate_wait);
  unsigned seconds = longest_gate_wait;  // what does not fit into a number is more
  const std::string digits = number[1].str();
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return std::chrono::seconds(std::clamp(seconds, 1U, longest_gate_wait));
}

FailoverTimes failover_times(const RepmgrConf& repmgr) {
  if (repmgr.failover != "automatic") return {};
  return {vote_wait_of(repmgr.failover_validation_command),
          std::min(repmgr.primary_notification_timeout, FailoverTimes::longest)};
}

std::vector<TimingFault> timing_faults(const Config& config, const LeaseTiming& timing, const RepmgrConf& repmgr,
                                       const std::string& file) {
  if (repmgr.failover != "automatic" || repmgr.priority == 0) return {};
  switch (config.policy.level) {
    case Level::observe: return {};
    case Level::guard: return guard_faults(config, repmgr, file);
    case Level::lease: break;
  }
  return lease_faults(timing, repmgr, file);
}

std::string wrong_with_peer(const std::string& peer, const FailoverTimes& theirs, const FailoverTimes& ours,
                            const LeaseTiming& timing) {
  if (theirs.vote_wait != Millis{0} && is_too_short(theirs.vote_wait, timing))
    return peer + ": in its repmgr.conf " + too_short(theirs.vote_wait, timing);
  if (theirs.vote_wait != Millis{0} && ours.notification != Millis{0} && ours.notification <= theirs.vote_wait)
    return "primary_notification_timeout is " + duration_text(ours.notification) + " here, and picket gate vote on " +
           peer + " waits for " + duration_text(theirs.vote_wait) +
           ": when that node is to be promoted, repmgrd here gives up too early";
  return {};
}

}  // namespace picket
