#pragma once
// The client gate in the kernel: the table `inet picket` of nftables. Clients reach PostgreSQL by the gate's port only,
// which the kernel turns into PostgreSQL's own; what comes by it is let through, statements in and answers out, while
// the set `open` has an element for it. The element has a timeout, so that the gate closes by itself, whatever becomes
// of this process. Without one nothing goes through: a new connection is refused, a session stands still.
// Replication, repmgr and the agents use PostgreSQL's own port, which this leaves alone.

#include <string>

#include "core/time.hpp"
#include "gate/nft.hpp"

namespace picket {

class GateTable {
 public:
  /// The smallest time that an opening is worth.
  static constexpr Millis least{50};

  /// Makes the table for clients of `client_port` and a PostgreSQL on `server_port` (both 1..65535, different), or puts
  /// right what an earlier run left; an opening of that run runs out as it would have. Throws NoNftables where that can
  /// never be done, std::runtime_error where it cannot be done now, with the reason.
  /// The table outlives this object, and then lets nobody through: `nft delete table inet picket` removes it.
  GateTable(int client_port, int server_port);

  /// Opens the gate, or keeps it open, until `until` (CLOCK_BOOTTIME), when it closes by itself. However long this
  /// process was asleep meanwhile, and at whatever point, it is closed at `latest`. Empty, or why it was left as it
  /// was.
  std::string open(Instant until, Instant latest);

  /// Closes it for everybody, for held sessions too; empty, or why that cannot be done: then it runs out.
  std::string close();

  /// Puts the table back where somebody has changed or removed it: `changed` says that it was so. Empty, or why it
  /// cannot be put back, or, with `changed` false, looked at.
  std::string mend(bool& changed);

 private:
  std::string make();
  std::string look(std::string& listed);
  std::string in_words(std::string error);

  const std::string client_port_, server_port_;
  Nft nft_;
  std::string as_made_;  // how the kernel lists it
};

}  // namespace picket
