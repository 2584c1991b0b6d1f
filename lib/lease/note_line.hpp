#pragma once
// The one-line notes of the lease: "picket-promise 1 term 5 to 2 end". An operator can read one, and a half of one is
// none.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace picket {

/// What stands around the two numbers.
struct NoteForm {
  std::string_view name, first, second;  ///< "picket-promise 1", "term", "to"
};

struct NoteNumbers {
  uint64_t first = 0, second = 0;
};

/// The whole line, with its newline.
std::string note_line(const NoteForm& form, const NoteNumbers& numbers);

/// Nothing for anything but a whole line of that form, with or without its newline.
std::optional<NoteNumbers> parse_note_line(const NoteForm& form, std::string_view text);

}  // namespace picket
