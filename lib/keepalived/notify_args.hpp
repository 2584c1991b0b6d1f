#pragma once
// The arguments of a Keepalived notify script (keepalived.conf(5), "notify scripts"): Keepalived appends
// `INSTANCE|GROUP name STATE priority` to a generic script; notify_master and its kin get only the words in the
// configuration, for which picket takes one: master, backup, fault or stop.

#include <string>
#include <vector>

#include "keepalived/notify_event.hpp"

namespace picket {

struct NotifyArgs {
  NotifyEvent event;
  std::string error;  ///< empty when the arguments make sense; else a sentence with what was expected
};

/// Reads the arguments that follow the verb. Words are taken in upper or lower case.
NotifyArgs parse_notify_args(const std::vector<std::string>& args);

}  // namespace picket
