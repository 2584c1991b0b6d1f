#pragma once
// What picketd tells its service manager (sd_notify(3)): ready, a status line, stopping, and that the loop is alive.
// The variables NOTIFY_SOCKET and WATCHDOG_* are taken out of the environment, so that no child can speak in our name.

#include <memory>
#include <string>

#include "loop/fd.hpp"
#include "loop/sources.hpp"

namespace picket {

class Notify {
 public:
  /// Reads and removes the variables; without them every call does nothing. When the unit has WatchdogSec=, the
  /// watchdog is fed from the loop from now on, three times per period: a loop that hangs is noticed.
  explicit Notify(Loop& loop);

  void ready(const std::string& status);
  /// One line for `systemctl status`; sent only when it differs from the last one.
  void status(const std::string& line);
  void stopping();

  /// The period systemd expects, or 0 when no watchdog is armed.
  Millis watchdog() const { return watchdog_; }

 private:
  void send(const std::string& state);
  std::string socket_path_;
  Fd fd_;
  std::string last_status_;
  Millis watchdog_{0};
  Timer timer_;
};

}  // namespace picket
