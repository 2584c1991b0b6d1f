#pragma once
// Rung F2 of the ladder: clients get a reset at once, from a server that hangs too, and while the address that they
// came by is still here; once it has left they would hear nothing and wait. It is repeated while the server lives,
// because clients come again.

#include <string>

#include "core/verdict.hpp"
#include "fence/proof.hpp"
#include "netlink/sockets.hpp"

namespace picket {

class SessionRung {
 public:
  /// `cutter` null: the rung is left out. It must outlive this.
  explicit SessionRung(SessionCutter* cutter) : cutter_(cutter) {}

  /// Forgets what was counted.
  void begin_anew();

  /// Cuts what is there now. stop_now: every session on the server's port. stop_fast: those of the virtual
  /// address only, for the shutdown ends the others in order. Never those that stream WAL: what has been handed to the
  /// kernel for a standby, and would still reach it when the server is killed, is lost with a reset. Anything else, no
  /// port, or no virtual address: nothing. A second server on the same port of another address of this host would lose
  /// its sessions too.
  void cut(const FenceTarget& target, Action action);

  /// Whether there was anything to do since begin_anew().
  bool used() const { return !what_.empty(); }
  /// "cut the sessions on port 5432", "cut the sessions on 10.0.0.5:5432".
  const std::string& what() const { return what_; }
  /// Since begin_anew(): "12 cut", "none was there", "0 cut, 3 not: no CAP_NET_ADMIN (Operation not permitted)".
  std::string outcome() const;

 private:
  SessionCutter* cutter_;
  std::string what_;
  size_t cut_ = 0;
  Cut last_;
};

}  // namespace picket
