#pragma once
// Where a libpq connection string points, without libpq. Understands both forms of "Connection Strings" (PostgreSQL
// documentation, section 34.1.1): keyword=value with quotes and backslashes, and postgresql:// URIs. Nothing is
// resolved, no environment variable or service file is read.

#include <string>
#include <string_view>

namespace picket {

struct ConninfoHost {
  std::string host;      ///< as written: a name, an address, a folder of a UNIX socket, or empty when not given
  std::string hostaddr;  ///< as written; empty when not given
  int port = 5432;       ///< 1..65535
  std::string error;     ///< empty when the string is well formed; else what is wrong (never quotes a password)

  /// The name that libpq reports for such a connection (PQhost): `host`, or `hostaddr` when no host is given.
  const std::string& name() const { return host.empty() ? hostaddr : host; }
};

/// Reads `text`. A list of several hosts is an error: one repmgr node is one server.
ConninfoHost parse_conninfo_host(std::string_view text);

}  // namespace picket
