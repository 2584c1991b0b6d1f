#include "repmgr/conninfo_host.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace picket {
namespace {

bool blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

struct Malformed {
  std::string why;
};

/// Takes one setting into `out`; what does not concern where the server is, is read over.
void take(ConninfoHost& out, std::string_view keyword, const std::string& value) {
  if (keyword == "host") out.host = value;
  if (keyword == "hostaddr") out.hostaddr = value;
  if (keyword != "port" || value.empty()) return;
  if (value.find(',') != std::string::npos) throw Malformed{"several ports: one repmgr node is one server"};
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, out.port);
  if (error != std::errc() || stop != end || out.port < 1 || out.port > 65535) {
    out.port = 5432;
    throw Malformed{"port \"" + value + "\" is not a number from 1 to 65535"};
  }
}

/// keyword=value: blanks around the equals sign, single quotes, a backslash takes the next character as it is.
void read_keywords(ConninfoHost& out, std::string_view text) {
  size_t i = 0;
  const auto skip_blanks = [&] {
    while (i < text.size() && blank(text[i])) ++i;
  };
  for (skip_blanks(); i < text.size(); skip_blanks()) {
    const size_t begin = i;
    while (i < text.size() && text[i] != '=' && !blank(text[i])) ++i;
    const std::string_view keyword = text.substr(begin, i - begin);
    skip_blanks();
    if (i == text.size() || text[i] != '=' || keyword.empty())
      throw Malformed{"an equals sign is missing after the word at character " + std::to_string(begin + 1)};
    ++i;
    skip_blanks();
    const bool quoted = i < text.size() && text[i] == '\'';
    if (quoted) ++i;
    std::string value;
    while (i < text.size() && (quoted ? text[i] != '\'' : !blank(text[i]))) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      value += text[i++];
    }
    if (quoted && i++ == text.size()) throw Malformed{"the quote of \"" + std::string(keyword) + "\" does not end"};
    take(out, keyword, value);
  }
}

std::optional<int> hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const std::optional<int> high = i + 1 < text.size() ? hex(text[i + 1]) : std::nullopt;
    const std::optional<int> low = i + 2 < text.size() ? hex(text[i + 2]) : std::nullopt;
    if (!high || !low || (*high == 0 && *low == 0)) throw Malformed{"a percent sign is not followed by two hex digits"};
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

/// What follows postgresql:// : [user[:password]@][host][:port][/dbname][?keyword=value&...]
void read_uri(ConninfoHost& out, std::string_view text) {
  const size_t query = text.find('?');
  std::string_view authority = text.substr(0, query);
  authority = authority.substr(0, authority.find('/'));
  if (const size_t at = authority.find('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  std::string_view port;
  if (!authority.empty() && authority.front() == '[') {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) throw Malformed{"an IPv6 address has no closing bracket"};
    out.host = std::string(authority.substr(1, end - 1));
    const std::string_view rest = authority.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') throw Malformed{"a colon or slash must follow an IPv6 address"};
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const size_t colon = authority.find(':');
    if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    out.host = percent_decoded(authority.substr(0, colon));
  }
  take(out, "port", percent_decoded(port));
  if (query == std::string_view::npos) return;
  for (std::string_view rest = text.substr(query + 1); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) throw Malformed{"a query parameter has no equals sign"};
    take(out, percent_decoded(pair.substr(0, equals)), percent_decoded(pair.substr(equals + 1)));
  }
}

}  // namespace

ConninfoHost parse_conninfo_host(std::string_view text) {
  ConninfoHost out;
  try {
    if (text.starts_with("postgresql://") || text.starts_with("postgres://")) {
      read_uri(out, text.substr(text.find("//") + 2));
    } else {
      read_keywords(out, text);
    }
    if (out.name().find(',') != std::string::npos) throw Malformed{"several hosts: one repmgr node is one server"};
  } catch (const Malformed& malformed) {
    out.error = malformed.why;
  }
  return out;
}

}  // namespace picket
