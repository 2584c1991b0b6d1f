#include "lease/held_note.hpp"

#include "lease/note_line.hpp"
#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {
namespace {

constexpr NoteForm form{"picket-lease 1", "term", "until"};

}  // namespace

std::optional<HeldNote> read_held_note(const std::string& path, Instant now, Millis duration) {
  const auto text = read_file(path);
  const auto numbers = text ? parse_note_line(form, *text) : std::nullopt;
  const Millis latest = (now + duration).time_since_epoch();
  if (!numbers || numbers->first == 0 || numbers->second > static_cast<uint64_t>(latest.count())) return {};
  return HeldNote{numbers->first, Instant{Millis{static_cast<Millis::rep>(numbers->second)}}};
}

std::string write_held_note(const std::string& path, const HeldNote& note) {
  return write_file(path, note_line(form, {note.term, static_cast<uint64_t>(note.until.time_since_epoch().count())}),
                    0640);
}

}  // namespace picket
