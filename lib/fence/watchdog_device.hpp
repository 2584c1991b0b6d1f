#pragma once
// One watchdog device (Documentation/watchdog/watchdog-api.rst): once opened, the machine is reset unless it is fed in
// time. Every call may wait as its driver does (one that talks to a management controller waits for that), so the loop
// never makes one: Watchdog does, on its worker.

#include <memory>
#include <string>

#include "core/time.hpp"

namespace picket {

class WatchdogDevice {
 public:
  struct Opened {
    std::string error;     ///< why it is not open; all else is then empty
    Millis timeout{0};     ///< what the device resets the machine after
    bool closable = true;  ///< it can be let go again (WDIOF_MAGICCLOSE)
    std::string note;      ///< what the operator should know, or empty
  };
  WatchdogDevice() = default;
  WatchdogDevice(const WatchdogDevice&) = delete;
  WatchdogDevice& operator=(const WatchdogDevice&) = delete;
  /// Closes what is open without the magic character: the device goes on to the reset.
  virtual ~WatchdogDevice() = default;

  /// Opens it, which arms it, and asks for this timeout (whole seconds, rounded up).
  virtual Opened open(Millis timeout) = 0;
  /// Empty or the error.
  virtual std::string feed() = 0;
  /// Magic close: the machine is not reset any more. Empty or the error.
  virtual std::string release() = 0;
};

/// The device at `path`, "/dev/watchdog" or "/dev/watchdogN". One whose driver says nowayout is refused: it could not
/// be let go when this node is no primary any more, and every stop of the agent would reset the machine.
std::unique_ptr<WatchdogDevice> linux_watchdog(std::string path);

}  // namespace picket
