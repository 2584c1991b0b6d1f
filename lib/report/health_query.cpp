#include "report/health_query.hpp"

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace picket {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// application/x-www-form-urlencoded; an escape that is none stands for itself.
std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high && low) {
        out += static_cast<char>(*high * 16 + *low);
        i += 2;
        continue;
      }
    }
    out += text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

struct Number {
  double value;
  std::string unit;
};

/// The number in front, and what follows it.
std::optional<Number> split_number(std::string_view text) {
  const std::string copy(trimmed(text));
  char* end = nullptr;
  // Base 0: 0x.. and 0.. count; beyond 2^53 the last digits of a lag do not matter.
  double value = static_cast<double>(std::strtoll(copy.c_str(), &end, 0));
  if (end == copy.c_str() || *end == '.' || *end == 'e' || *end == 'E') value = std::strtod(copy.c_str(), &end);
  if (end == copy.c_str() || !std::isfinite(value) || value < 0) return std::nullopt;
  return Number{value, std::string(trimmed(end))};
}

std::optional<Millis> parse_lag_time(std::string_view text) {
  const auto number = split_number(text);
  if (!number || (number->unit != "s" && number->unit != "ms") || number->value > 1e9) return std::nullopt;
  return Millis{std::llround(number->value * (number->unit == "s" ? 1000 : 1))};
}

void take(HealthQuery& query, std::string_view name, const std::string& value) {
  if (name == "lag" && !query.lag && !query.lag_time && !query.lag_garbled) {
    query.lag = parse_lag_bytes(value);
    if (!query.lag) query.lag_time = parse_lag_time(value);
    query.lag_garbled = !query.lag && !query.lag_time;
  } else if (name == "replication_state" && !query.replication_state) {
    query.replication_state = value;
  } else if (name == "mode") {
    query.received = value == "write";
  } else if (name == "drain") {
    query.drain = value == "404";
  } else if (name == "fallback") {
    query.fallback = value == "primary";
  } else if (name.starts_with("tag_")) {
    query.tags.emplace_back(name.substr(4), value);
  }
}

}  // namespace

std::optional<uint64_t> parse_lag_bytes(std::string_view text) {
  const auto number = split_number(text);
  if (!number) return std::nullopt;
  constexpr std::array<std::string_view, 5> units{"B", "kB", "MB", "GB", "TB"};
  double factor = 1;
  bool known = number->unit.empty();
  for (size_t i = 0; i < units.size() && !known; ++i) {
    known = number->unit == units[i];
    factor = known ? std::ldexp(1.0, static_cast<int>(10 * i)) : factor;
  }
  const double bytes = std::rint(number->value * factor);
  if (!known) return std::nullopt;
  return bytes < 9e18 ? static_cast<uint64_t>(bytes) : std::numeric_limits<uint64_t>::max();
}

HealthQuery parse_health_query(std::string_view query) {
  HealthQuery found;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    // Python's parse_qs, which Patroni uses, leaves out parameters without a value.
    if (equals == std::string_view::npos || equals + 1 == pair.size()) continue;
    take(found, decoded(pair.substr(0, equals)), decoded(pair.substr(equals + 1)));
  }
  return found;
}

}  // namespace picket
