#include "rejoin/stale_mark.hpp"

#include <stdexcept>

#include "control_client.hpp"
#include "core/verdict.hpp"
#include "fence/marker.hpp"

namespace picket {

// From here on until it streams, whatever fails: nobody may start this as a primary.
void mark_stale(const Config& config, const RejoinView& view) {
  if (config.policy.level == Level::observe || view.plan.kind == RejoinKind::start_as_standby) return;
  const std::string why = "on the way back to " + view.primary.name + ", which is the primary of timeline " +
                          std::to_string(view.primary.timeline);
  try {
    const auto said = ask_daemon(config.run_directory + "/control.sock", {"mark-stale", why}, Millis{2000});
    if (said.status == 0) return;
  } catch (const std::exception&) {
    // Nobody answers there: the file itself will do, for nobody else writes it now.
  }
  const std::string path = config.state_directory + "/fence.json";
  MarkerFile file = read_marker(path);
  if (file.state == MarkerFile::State::malformed || file.state == MarkerFile::State::unreadable) return;  // fences too
  if (!file.marker.add({std::string(word(FenceReason::stale)), why, wall_clock_now(), view.local.timeline})) return;
  if (const std::string error = write_marker(path, file.marker); !error.empty()) throw std::runtime_error(error);
}

}  // namespace picket
