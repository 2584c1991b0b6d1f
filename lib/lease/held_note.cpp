#include "lease/held_note.hpp"

#include <cinttypes>
#include <cstdio>

#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {

std::optional<HeldNote> read_held_note(const std::string& path, Instant now, Millis duration) {
  const auto text = read_file(path);
  uint64_t term = 0;
  int64_t until = 0;
  int end = 0;
  if (!text ||
      std::sscanf(text->c_str(), "picket-lease 1 term %" SCNu64 " until %" SCNd64 " end%n", &term, &until, &end) != 2)
    return {};
  const HeldNote note{term, Instant{Millis{until}}};
  if (end == 0 || term == 0 || until < 0 || note.until > now + duration) return {};
  return note;
}

std::string write_held_note(const std::string& path, const HeldNote& note) {
  return write_file(path,
                    "picket-lease 1 term " + std::to_string(note.term) + " until " +
                        std::to_string(note.until.time_since_epoch().count()) + " end\n",
                    0640);
}

}  // namespace picket
