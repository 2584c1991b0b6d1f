#pragma once
// The control group of a unit as the kernel shows it (cgroups(7)), on a unified system and on a hybrid one: whether a
// process is left in it, and a signal to all of them for when systemd cannot be asked. cgroupfs never waits for a disk.

#include <string>
#include <string_view>
#include <vector>

namespace picket {

struct GroupSeen {
  bool empty = false;  ///< no process in it or below it, or the group is gone
  std::string text;    ///< "gone", "empty", "not empty", or why it could not be looked at
};

/// `group` is a path below the mount, e.g. "/system.slice/.../postgresql@15-main.service".
GroupSeen look_at_group(const std::string& group);

/// Sends `signal` to every process in the group and below it, each pinned and shown to be still there first; never to
/// the caller. Does nothing unless the path ends in `unit`: a slice holds others too. Returns "sent to 4711; 4712:
/// Operation not permitted", empty when there was nobody.
std::string signal_group(const std::string& group, const std::string& unit, int signal);

/// Where control groups are mounted, from a text of /proc/self/mounts (proc(5)): every cgroup2 mount, and the v1
/// hierarchy that systemd uses ("name=systemd"). On a hybrid system both.
std::vector<std::string> control_group_mounts(std::string_view mounts);

/// Whether a text of cgroup.events says "populated 0". False for anything else.
bool says_empty(std::string_view events);

}  // namespace picket
