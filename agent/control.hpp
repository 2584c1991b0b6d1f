#pragma once
// The control socket: how the command line talks to the daemon. One line in (words separated by tabs), one line with
// the exit status and then text out, and the connection ends. The caller is known by his credentials (SO_PEERCRED,
// unix(7)); what changes something is for root and for the daemon's own user.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control_client.hpp"
#include "loop/sources.hpp"

namespace picket {

struct ControlRequest {
  std::vector<std::string> words;
  bool privileged = false;  ///< root, or the daemon's user
  std::string who;          ///< "uid 0", for the log
};

class Control {
 public:
  static constexpr Millis deadline{2000};
  static constexpr size_t max_clients = 64, max_request = 4096;

  using Handler = std::function<ControlReply(const ControlRequest&)>;

  /// Listens at `path`, in place of a socket that an earlier run left there. Throws std::runtime_error that names the
  /// path.
  Control(Loop& loop, std::string path, Handler handler);
  ~Control();

 private:
  struct Client;
  void accept();
  void serve(Client& client);
  void drop(Client* client);

  Loop& loop_;
  std::string path_;
  Handler handler_;
  Fd listener_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unique_ptr<Io> io_;
};

}  // namespace picket
