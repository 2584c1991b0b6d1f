#include "postgres/postmaster_pid.hpp"

#include <charconv>
#include <limits>
#include <vector>

namespace picket {
namespace {

template <class Number>
bool read_number(std::string_view text, Number& into) {
  const auto* end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, into);
  return failed == std::errc{} && at == end;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

// "  5432001     65538": key and identifier.
bool read_segment(std::string_view line, PostmasterPid& into) {
  const auto text = trimmed(line);
  const size_t gap = text.find(' ');
  if (gap == text.npos) return false;
  uint64_t key = 0;
  return read_number(text.substr(0, gap), key) && read_number(trimmed(text.substr(gap)), into.shm_id);
}

}  // namespace

std::optional<PostmasterPid> parse_postmaster_pid(std::string_view text, std::string& error) {
  error.clear();
  std::vector<std::string_view> lines;
  // Only whole lines: a line without its end may still be growing.
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  const auto wrong = [&error](size_t line, std::string_view value) {
    error = "postmaster.pid:" + std::to_string(line) + ": \"" + std::string(value.substr(0, 40)) + "\" makes no sense";
    return std::nullopt;
  };
  PostmasterPid file;
  if (lines.empty()) {
    if (text.size() > 20) return wrong(1, text);
    return file;
  }
  int pid = 0;
  if (!read_number(trimmed(lines[0]), pid) || pid == 0 || pid == std::numeric_limits<int>::min())
    return wrong(1, lines[0]);
  file.single_user = pid < 0;
  file.pid = pid < 0 ? -pid : pid;
  if (lines.size() > 1) file.data_directory = lines[1];
  if (lines.size() > 2 && !read_number(trimmed(lines[2]), file.started)) return wrong(3, lines[2]);
  if (lines.size() > 3 && !read_number(trimmed(lines[3]), file.port)) return wrong(4, lines[3]);
  if (lines.size() > 4) file.socket_folder = lines[4];
  if (lines.size() > 5) file.listen_address = lines[5];
  // An empty line stands where a later one was written first.
  if (lines.size() > 6 && !trimmed(lines[6]).empty() && !read_segment(lines[6], file)) return wrong(7, lines[6]);
  if (lines.size() > 7) file.status = trimmed(lines[7]);
  return file;
}

}  // namespace picket
