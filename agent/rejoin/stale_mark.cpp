#include "rejoin/stale_mark.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "control_client.hpp"
#include "core/verdict.hpp"
#include "fence/marker.hpp"
#include "loop/loop.hpp"

namespace picket {
namespace {

bool taken_by_agent(const Config& config, const std::string& why) {
  try {
    return ask_daemon(config.run_directory + "/control.sock", {"mark-stale", why}, Millis{2000}).status == 0;
  } catch (const std::exception&) {
    return false;  // nobody answers there: the file itself will do, for nobody else writes it now
  }
}

// The agent has it in memory at once, and on disk when the disk has taken it.
void await_on_disk(const std::string& path, Millis within) {
  const Instant due = boot_now() + within;
  for (;;) {
    const MarkerFile file = read_marker(path);
    const auto stale = [](const MarkerReason& one) { return one.reason == word(FenceReason::stale); };
    if (file.state == MarkerFile::State::malformed || std::ranges::any_of(file.marker.reasons, stale)) return;
    if (boot_now() > due) throw std::runtime_error(path + ": picketd's marker does not get there: see its journal");
    usleep(20'000);
  }
}

}  // namespace

// From here on until it streams, whatever fails: nobody may start this as a primary.
void mark_stale(const Config& config, const RejoinView& view, Millis within) {
  if (config.policy.level == Level::observe || view.plan.kind == RejoinKind::start_as_standby) return;
  const std::string why = "on the way back to " + view.primary.name + ", which is the primary of timeline " +
                          std::to_string(view.primary.timeline);
  const std::string path = config.state_directory + "/fence.json";
  if (taken_by_agent(config, why)) return await_on_disk(path, within);
  MarkerFile file = read_marker(path);
  if (file.state == MarkerFile::State::malformed || file.state == MarkerFile::State::unreadable) return;  // fences too
  if (!file.marker.add({std::string(word(FenceReason::stale)), why, wall_clock_now(), view.local.timeline})) return;
  if (const std::string error = write_marker(path, file.marker); !error.empty()) throw std::runtime_error(error);
}

}  // namespace picket
