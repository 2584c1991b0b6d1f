#include "lease/promise_file.hpp"

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "lease/note_line.hpp"
#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {
namespace {

constexpr NoteForm form{"picket-promise 1", "term", "to"};

}  // namespace

std::string promise_text(const Promise& promise) {
  return note_line(form, {promise.term, static_cast<uint64_t>(promise.to)});
}

std::optional<Promise> parse_promise(std::string_view text) {
  const auto numbers = parse_note_line(form, text);
  if (!numbers || numbers->first < 1 || numbers->second < 1 ||
      numbers->second > static_cast<uint64_t>(std::numeric_limits<int>::max()))
    return {};
  return Promise{numbers->first, static_cast<int>(numbers->second)};
}

PromiseReading read_promise(const std::string& path) {
  const auto text = read_file(path);
  if (!text) {
    if (errno == ENOENT) return {};
    return {{}, path + ": " + std::strerror(errno)};
  }
  const auto promise = parse_promise(*text);
  if (!promise) return {{}, path + ": not a promise of picket's"};
  // Whoever wrote it may have ended before it was durable.
  std::string error = sync_path(path);
  if (error.empty()) error = sync_folder_of(path);
  return {*promise, std::move(error)};
}

std::string write_promise(const std::string& path, const Promise& promise) {
  return write_durably(path, promise_text(promise), 0640);
}

}  // namespace picket
