#pragma once
// Another program that changes the rules of this network, in one transaction that keeps the kernel busy: 60,000 ranges
// of addresses and ports, of which each takes the longer the more there are. On a small machine (Linux 6.18) nft(8)
// prepares for a second, and for three seconds then every other order waits that comes from the same network.

#include <sys/types.h>

namespace picket {

class BusyRules {
 public:
  /// Begins; throws std::runtime_error when nft cannot be started.
  BusyRules();
  /// Waits for the end, and removes what was made.
  ~BusyRules();
  BusyRules(const BusyRules&) = delete;
  BusyRules& operator=(const BusyRules&) = delete;

  bool over();

 private:
  void wait(int options);
  pid_t nft_ = 0;
  bool over_ = false;
};

}  // namespace picket
