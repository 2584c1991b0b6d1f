#include "resume.hpp"

#include <nlohmann/json.hpp>

#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {

using nlohmann::json;

Memory Resume::load(Instant now, Millis max_age, uint64_t& generation) const {
  try {
    return read(now, max_age, generation);
  } catch (const json::exception&) {
    return {};  // a note of nonsense is no note
  }
}

Memory Resume::read(Instant now, Millis max_age, uint64_t& generation) const {
  Memory memory;
  const json note = json::parse(read_file(path_).value_or(""), nullptr, false);
  if (!note.is_object() || note.value("schema", 0) != 1) return memory;
  generation = note.value("generation", uint64_t{0});  // generations never repeat within a boot
  const Instant saved{Millis{note.value("saved_ms", int64_t{0})}};
  if (saved > now || now - saved > max_age) return memory;
  memory.state.held = note.value("held", false);
  memory.started_us = note.value("postmaster_started_us", int64_t{0});
  return memory;
}

std::string Resume::save(const Memory& memory, uint64_t generation, Instant now) {
  // A generation that was shown and not noted would be given to another verdict after a restart.
  const bool same = memory.state.held == last_held_ && generation == last_generation_;
  if (same && now - last_saved_ < Millis{1000}) return "";
  last_held_ = memory.state.held;
  last_generation_ = generation;
  last_saved_ = now;
  const json note = {{"schema", 1},
                     {"saved_ms", now.time_since_epoch().count()},
                     {"generation", generation},
                     {"held", memory.state.held},
                     {"postmaster_started_us", memory.started_us}};
  return write_file(path_, note.dump() + "\n", 0644);
}

}  // namespace picket
