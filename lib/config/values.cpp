#include "config/values.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>

namespace picket {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits off the front of `text`; nullopt when there are none or more than fit.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return value;
}

/// How many characters have to be added, removed or changed to make one word of the other (Levenshtein).
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t corner = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = corner + (a[i] == b[j] ? 0 : 1);
      corner = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
  const std::optional<uint64_t> whole = take_number(text);
  if (!whole || *whole > 1'000'000'000) return std::nullopt;
  uint64_t thousandths = *whole * 1000;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    uint64_t worth = 100;
    if (text.empty() || !digit(text.front())) return std::nullopt;
    for (; !text.empty() && digit(text.front()); text.remove_prefix(1), worth /= 10) {
      if (worth == 0) return std::nullopt;
      thousandths += worth * static_cast<uint64_t>(text.front() - '0');
    }
  }
  uint64_t unit = 0;
  if (text == "ms") unit = 1;
  if (text == "s") unit = 1000;
  if (text == "m") unit = 60'000;
  if (text == "h") unit = 3'600'000;
  if (unit == 0 || thousandths * unit % 1000 != 0) return std::nullopt;
  return Millis(static_cast<Millis::rep>(thousandths * unit / 1000));
}

std::string duration_text(Millis duration) {
  const Millis::rep count = duration.count();
  if (count == 0 || count % 1000 != 0) return count == 0 ? "0s" : std::to_string(count) + "ms";
  if (count % 3'600'000 == 0) return std::to_string(count / 3'600'000) + "h";
  if (count % 60'000 == 0) return std::to_string(count / 60'000) + "m";
  return std::to_string(count / 1000) + "s";
}

std::optional<uint64_t> parse_size(std::string_view text) {
  const std::optional<uint64_t> number = take_number(text);
  if (!number) return std::nullopt;
  int power = -1;
  for (const std::string_view unit : {"B", "kB", "MB", "GB", "TB"}) {
    ++power;
    if (text != unit) continue;
    const uint64_t factor = uint64_t{1} << (10 * power);
    if (*number > std::numeric_limits<uint64_t>::max() / factor) return std::nullopt;
    return *number * factor;
  }
  return std::nullopt;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_tags(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> tags;
  constexpr std::string_view between = " \t,";
  for (size_t at = text.find_first_not_of(between); at != text.npos; at = text.find_first_not_of(between, at)) {
    const std::string_view word = text.substr(at, std::min(text.find_first_of(between, at), text.size()) - at);
    const size_t equals = word.find('=');
    if (equals == word.npos || equals == 0 || equals + 1 == word.size()) return std::nullopt;
    const std::string name(word.substr(0, equals));
    if (std::any_of(tags.begin(), tags.end(), [&](const auto& tag) { return tag.first == name; })) return std::nullopt;
    tags.emplace_back(name, word.substr(equals + 1));
    at += word.size();
  }
  return tags;
}

namespace {

/// "10.0.0.1", "db2:8010", "[fd00::3]", "[fd00::3]:8009".
bool parse_place(std::string_view text, Config::Voter& voter) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos) return false;
    voter.host = text.substr(1, end - 1);
    if (!is_address(voter.host, false)) return false;
    text.remove_prefix(end + 1);
    if (!text.empty() && !text.starts_with(':')) return false;
    port = text.empty() ? text : text.substr(1);
    if (!text.empty() && port.empty()) return false;
  } else {
    const size_t colon = text.find(':');
    voter.host = text.substr(0, colon);
    if (colon != text.npos && (port = text.substr(colon + 1)).empty()) return false;
  }
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), voter.port);
    if (error != std::errc{} || end != port.data() + port.size()) return false;
  }
  return !voter.host.empty() && voter.port >= 1 && voter.port <= 65535;
}

}  // namespace

std::optional<std::vector<Config::Voter>> parse_voters(std::string_view text) {
  std::vector<Config::Voter> voters;
  while (true) {
    const size_t begin = text.find_first_not_of(" ,\t");
    if (begin == text.npos) break;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(" ,\t"));
    text.remove_prefix(word.size());
    Config::Voter voter;
    const size_t equals = word.find('=');
    if (equals == word.npos) return {};
    const auto [end, error] = std::from_chars(word.data(), word.data() + equals, voter.id);
    if (error != std::errc{} || end != word.data() + equals || voter.id < 1) return {};
    if (!parse_place(word.substr(equals + 1), voter)) return {};
    if (std::ranges::any_of(voters, [&](const auto& v) { return v.id == voter.id; })) return {};
    voters.push_back(std::move(voter));
  }
  std::ranges::sort(voters, {}, &Config::Voter::id);
  return voters;
}

bool is_address(const std::string& text, bool prefix_allowed) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  unsigned char bytes[16];
  const bool v4 = inet_pton(AF_INET, address.c_str(), bytes) == 1;
  if (!v4 && inet_pton(AF_INET6, address.c_str(), bytes) != 1) return false;
  if (slash == std::string::npos) return true;
  std::string_view prefix = std::string_view(text).substr(slash + 1);
  const std::optional<uint64_t> bits = take_number(prefix);
  return prefix_allowed && bits && prefix.empty() && *bits <= (v4 ? 32U : 128U);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t least = std::max<size_t>(2, word.size() / 4) + 1;
  for (const std::string& candidate : candidates) {
    // The right name in the wrong table is nearer than any misspelling.
    const size_t d = last_part(candidate) == last_part(word) ? 0 : distance(word, candidate);
    if (d >= least) continue;
    least = d;
    best = candidate;
  }
  return best;
}

}  // namespace picket
