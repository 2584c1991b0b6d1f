#pragma once
// Ends TCP sessions of this host from outside of the processes that hold them (sock_diag(7), SOCK_DESTROY): the client
// gets a reset at once, also when the server process is frozen. The kernel answers within each call, so nothing here
// waits. Works in the network namespace of the thread that constructs it.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace picket {

/// The other end of a session; the address is numeric.
struct FarEnd {
  std::string address;
  int port = 0;
  bool operator==(const FarEnd&) const = default;
};

/// What one call did.
struct Cut {
  size_t cut = 0;     ///< sessions that were ended; their clients were told
  size_t failed = 0;  ///< sessions that are still there
  bool more = false;  ///< the call ended at its bound: call again
  std::string
      error;  ///< why the first of `failed` is still there, or why nothing could be looked at; empty if all went
};

class SessionCutter {
 public:
  /// A session costs the loop 20 to 50 microseconds on two cores (measured with ten thousand over loopback), on a
  /// machine that is short of processors more: one call ends at whichever comes first.
  static constexpr size_t most_per_call = 1000;
  static constexpr Millis longest_call{25};

  /// Tries at once, on a connection of its own over loopback, whether sessions can be cut here. Never throws.
  SessionCutter();
  ~SessionCutter();
  SessionCutter(const SessionCutter&) = delete;
  SessionCutter& operator=(const SessionCutter&) = delete;

  /// Empty when the trial went well; else why it did not, e.g. "no CAP_NET_ADMIN (Operation not permitted)" or "this
  /// kernel is built without CONFIG_INET_DIAG_DESTROY (Operation not supported)". cut() may be called all the same.
  const std::string& why_not() const { return why_not_; }

  /// Ends the TCP sessions whose local end is `port` (1-65535), over IPv4 and IPv6, that a server process holds or will
  /// be given: established ones, half-closed ones of the client, and those that still shake hands. `address` (numeric)
  /// narrows that to sessions whose local address it is; an IPv4 address is also found in its IPv6 form
  /// ("::ffff:10.0.0.5"). Listening sockets stay, so clients may come again. An `address` that is none cuts nothing and
  /// says so. Sessions with one of `spared` at the other end are left alone.
  Cut cut(int port, const std::string& address = "", const std::vector<FarEnd>& spared = {});

 private:
  struct Kernel;
  std::string try_it();
  std::unique_ptr<Kernel> kernel_;
  std::string why_not_;
};

}  // namespace picket
