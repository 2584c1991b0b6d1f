#pragma once
// A real dbus-daemon of the test's own, at a socket in a temporary folder; ended by its pid when the object goes.

#include <string>

namespace picket::test {

class PrivateBus {
 public:
  PrivateBus();
  ~PrivateBus();
  PrivateBus(const PrivateBus&) = delete;
  PrivateBus& operator=(const PrivateBus&) = delete;

  const std::string& address() const { return address_; }
  /// Starts the daemon and waits until it listens; throws when it does not.
  void start();
  /// Kills it; the address stays the same for the next start().
  void stop();
  /// SIGSTOP and SIGCONT: a bus whose socket is there and that answers nothing.
  void freeze();
  void thaw();

 private:
  std::string folder_, address_;
  int pid_ = 0;
};

}  // namespace picket::test
