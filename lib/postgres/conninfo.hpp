#pragma once
// A libpq connection string taken apart. Nothing is looked up: no environment, no service file, no name service.
// Passwords stay inside `options`; do not print that.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace picket {

struct ConnInfo {
  std::string host;      ///< as given; may be a comma-separated list, a folder ("/run/postgresql"), or empty
  std::string hostaddr;  ///< as given; numeric, may be a list
  std::string port;      ///< as given; may be a list; empty means 5432
  std::string user;
  /// Every option that was given, keyword and value, in libpq's order.
  std::vector<std::pair<std::string, std::string>> options;
};

/// Parses "key=value ..." or a postgresql:// URI (PQconninfoParse, libpq docs 34.1). Returns nothing and fills `error`
/// with libpq's words when the text is not a connection string or asks for `service=`, which is read from a file.
std::optional<ConnInfo> parse_conninfo(const std::string& text, std::string& error);

/// True when this single host needs a name service: neither empty, nor a socket folder ("/..." or "@..."), nor numeric.
bool host_is_name(const std::string& host);

/// Splits a libpq list at its commas; "" gives one empty item, as libpq reads it.
std::vector<std::string> split_list(std::string_view list);

}  // namespace picket
