#pragma once
// Whether anybody answers where a PostgreSQL server listens. Nothing here waits: a connect() that has not ended is no
// refusal.

#include <netinet/in.h>

#include <string>
#include <vector>

namespace picket {

class Doors {
 public:
  /// `tcp_host`: a numeric address; empty, a wildcard or a name: the two loopback addresses (resolving could wait).
  /// `port` 0: no door at all. `socket_folder`: an absolute path, or "@..." for the abstract name space; empty: no UNIX
  /// socket.
  Doors(const std::string& tcp_host, int port, const std::string& socket_folder);

  struct Seen {
    bool closed = false;  ///< every door is refused, absent, or at an address that is not on this host
    std::string text;     ///< "127.0.0.1:5432: refused; ..."
  };
  Seen knock() const;

 private:
  struct Door {
    std::string name;
    sockaddr_storage address{};
    socklen_t length = 0;
  };
  void add_tcp(const std::string& host, int port);
  void add_unix(const std::string& folder, int port);
  static Seen knock_at(const Door& door);
  static Seen outcome(int error);
  std::vector<Door> doors_;
};

}  // namespace picket
