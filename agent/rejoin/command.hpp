#pragma once
// `picket rejoin`: shows the plan, asks, starts the job in its own unit and follows it. It ends with the command; the
// job does not.

#include <string>

namespace picket {

struct RejoinOptions {
  bool dry_run = false;          ///< show the plan, try what can be tried, change nothing
  bool yes = false;              ///< do not ask
  bool clone = false;            ///< a new copy, whatever pg_rewind could do
  bool without_archive = false;  ///< do not keep the diverged log
  bool run = false;              ///< be the job, here: what picket-rejoin.service runs
  std::string primary;           ///< the operator's word for who the primary is
};

/// Returns 0 when the node is (or, dry, would become) a standby, 1 when not, 2 for wrong use, 3 when systemd cannot be
/// asked.
int run_rejoin(const std::string& config_path, const RejoinOptions& options);

/// The arguments after `--rejoin` of picketd, as verbs/rejoin.cpp gives them; false for one that is unknown.
bool parse_rejoin_arguments(int count, char** arguments, RejoinOptions& options);

}  // namespace picket
