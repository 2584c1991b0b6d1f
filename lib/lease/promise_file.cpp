#include "lease/promise_file.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {
namespace {

constexpr std::string_view head = "picket-promise 1 term ";
constexpr std::string_view middle = " to ";
constexpr std::string_view tail = " end";

/// Takes digits off the front of `text`.
template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

}  // namespace

std::string promise_text(const Promise& promise) {
  return std::string(head) + std::to_string(promise.term) + std::string(middle) + std::to_string(promise.to) +
         std::string(tail) + "\n";
}

std::optional<Promise> parse_promise(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  Promise promise;
  const bool whole = take(text, head) && take_number(text, promise.term) && take(text, middle) &&
                     take_number(text, promise.to) && text == tail;
  if (!whole || promise.to < 1 || promise.term < 1) return {};
  return promise;
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
