#pragma once
// The two files that tell Keepalived who may hold the virtual address. The gate is tracked with `weight 0 reverse`: a
// non-zero number may own the address; "0", an empty, unreadable or missing file is FAULT (keepalived.conf(5),
// vrrp_track_file; Keepalived parses with strtol). The rank is added to the VRRP priority with `weight 1`. Both are
// always replaced by rename(2) within their folder, since Keepalived watches the folder and never sees a write through
// an old descriptor; what is on disk is compared and mended on every call.

#include <string>

#include "core/verdict.hpp"
#include "loop/fd.hpp"

namespace picket {

/// What is to be in the files.
struct VrrpContents {
  bool open = false;  ///< the gate: may this node own the address
  int rank = -100;    ///< -100..100
};

/// raise: open, 100. lower: closed, 50 for a healthy standby (advertised as a replica), else 0. fault: closed, -100.
/// `hold` has no contents of its own: do not ask.
VrrpContents vrrp_contents(Vrrp vrrp, Advert advert);

class VrrpFiles {
 public:
  /// Touches nothing yet. Both paths must lie in folders that exist before Keepalived starts (tmpfiles.d).
  VrrpFiles(std::string gate, std::string rank);

  /// Makes the files say what the verdict says, if they do not yet. `hold` leaves both as they are. Synchronous: the
  /// files lie on a tmpfs. Never throws; a failure is in problem() and is tried again by the next call.
  void publish(Vrrp vrrp, Advert advert);

  /// Gate "0", rank -100. For the end of the agent, its crash (ExecStopPost=) and its death (`picket gate close`).
  void close_gate();

  /// Empty when both files are as they should be; else what is wrong, for an operator.
  const std::string& problem() const { return problem_; }

 private:
  void write(const VrrpContents& contents);
  void watch_folder();

  std::string gate_, rank_;
  std::string problem_;
  Fd folder_;  ///< the gate's folder as it was first seen
  bool folder_replaced_ = false;
};

}  // namespace picket
