#pragma once
// What picketd tells its service manager (sd_notify(3)): ready, a status line, stopping, and that the loop is alive.
// The variables NOTIFY_SOCKET and WATCHDOG_* are taken out of the environment, so that no child can speak in our name.

#include <string>

#include "loop/fd.hpp"
#include "loop/sources.hpp"

namespace picket {

class Notify {
 public:
  static constexpr Millis retry_after{100};

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
  void pay();
  bool send(const std::string& state);
  std::string socket_path_;
  Fd fd_;
  std::string last_status_;
  bool owe_ready_ = false, owe_status_ = false, owe_stopping_ = false;  // what the manager has not been told yet
  Millis watchdog_{0};
  Timer watchdog_timer_, retry_timer_;
};

}  // namespace picket
