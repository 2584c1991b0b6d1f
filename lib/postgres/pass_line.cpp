#include "postgres/pass_line.hpp"

#include "postgres/conninfo.hpp"

namespace picket {
namespace {

std::string quoted(const std::string& value) {
  std::string out = "'";
  for (const char c : value) out += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return out + "'";
}

std::string escaped(const std::string& value) {
  std::string out;
  for (const char c : value) out += c == ':' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return out;
}

/// What libpq looks up as the host: as it was typed, or "localhost" for a socket's default place.
std::string host_of(const ConnInfo& info) {
  const std::string& host = info.host.empty() ? info.hostaddr : info.host;
  if (host.empty()) return "localhost";
  return host.find(',') == host.npos ? escaped(host) : "*";
}

}  // namespace

// Any port, which may be a list, and any database: "replication" is one of its own.
PassLine pass_line_of(const std::string& conninfo) {
  PassLine result{conninfo, ""};
  std::string error, password, rest;
  const auto info = parse_conninfo(conninfo, error);
  if (!info) return result;
  for (const auto& [keyword, value] : info->options) {
    if (keyword == "password") {
      password = value;
    } else {
      rest += (rest.empty() ? "" : " ") + keyword + "=" + quoted(value);
    }
  }
  if (password.empty()) return result;
  result.conninfo = rest;
  result.line =
      host_of(*info) + ":*:*:" + (info->user.empty() ? "*" : escaped(info->user)) + ":" + escaped(password) + "\n";
  return result;
}

}  // namespace picket
