#pragma once
// What Keepalived says when a VRRP instance or group changes state: one value for the line of the notify FIFO and for
// the arguments of a notify script. It is history, never the current truth: a FIFO without a reader hands out old lines
// late, and scripts run concurrently in any order.

#include <optional>
#include <string>
#include <string_view>

namespace picket {

struct NotifyEvent {
  std::string kind;   ///< "INSTANCE", "GROUP", or "" for the one-word form of a script
  std::string name;   ///< of the instance or group; "" for the one-word form
  std::string state;  ///< MASTER BACKUP FAULT STOP DELETED MASTER_RX_LOWER_PRI MASTER_PRIORITY BACKUP_PRIORITY
  int priority = 0;   ///< 0 for groups and where none is given

  /// For the status page: "VI_1 MASTER 110", "group G1 BACKUP", "MASTER".
  std::string text() const;
  bool operator==(const NotifyEvent&) const = default;
};

/// True for the states that Keepalived writes (2.2 to 2.4, vrrp_notify.c; keepalived.conf(5), vrrp_notify_fifo).
bool is_notify_state(std::string_view word);

/// Reads one line of the FIFO, without its newline: `INSTANCE "VI_1" MASTER 110`. Nullopt for anything else (the FIFO
/// shared with the checkers also carries VS and RS lines).
std::optional<NotifyEvent> parse_notify_line(std::string_view line);

}  // namespace picket
