#include "lease/note_line.hpp"

#include <charconv>

namespace picket {
namespace {

/// Takes a word and the blank after it off the front of `text`.
bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word) || !text.substr(word.size()).starts_with(' ')) return false;
  text.remove_prefix(word.size() + 1);
  return true;
}

/// Likewise digits.
bool take_number(std::string_view& text, uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

std::string note_line(const NoteForm& form, const NoteNumbers& numbers) {
  return std::string(form.name) + " " + std::string(form.first) + " " + std::to_string(numbers.first) + " " +
         std::string(form.second) + " " + std::to_string(numbers.second) + " end\n";
}

std::optional<NoteNumbers> parse_note_line(const NoteForm& form, std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  NoteNumbers numbers;
  const bool whole = take(text, form.name) && take(text, form.first) && take_number(text, numbers.first) &&
                     take(text, form.second) && take_number(text, numbers.second) && text == "end";
  if (!whole) return {};
  return numbers;
}

}  // namespace picket
