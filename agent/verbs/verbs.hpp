#pragma once
// The verbs of `picket`, one file each. Each returns the exit status: 0 yes or done, 1 no, 2 wrong use or no right, 3
// the daemon cannot be asked.

#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace picket {

/// What every verb may need to know.
struct Context {
  std::string config_path = "/etc/picket/picket.toml";
  std::string socket_path = "/run/picket/control.sock";
};

int verb_status(const Context& context, bool as_json, bool watch);
/// Keepalived's track script. Whatever goes wrong is "no": nobody holds an address on a guess.
int verb_check(const Context& context, const std::string& what);
/// Keepalived's notify script, in both forms.
int verb_notify(const Context& context, const std::vector<std::string>& args);

/// `picket explain`, in its three forms.
struct ExplainOptions {
  bool history = false;        ///< the recording at its place
  std::string file;            ///< or this one
  std::optional<size_t> last;  ///< so many verdicts; 0 = all
  std::string since;           ///< "10min"
  bool as_json = false;
  std::string what_if;  ///< see what_if.hpp
  std::string length;   ///< how far ahead, "15s"
};
/// Now; or the past, and then 1 when something of it cannot be read or would be decided otherwise; or what if.
int verb_explain(const Context& context, const ExplainOptions& options);
int verb_fence(const Context& context, const std::string& why);
int verb_unfence(const Context& context, bool accepted);
/// Planned work: `on` with a length and a reason, or `off`.
int verb_maintenance(const Context& context, bool on, const std::string& length, const std::string& reason);
/// ExecStopPost= of the unit: closes Keepalived's gate without the daemon.
int verb_gate_close(const Context& context);
/// ExecStartPre= of PostgreSQL's unit: becomes the start gate (start_gate.hpp). Returns only when that fails: 1.
int verb_gate_start(const Context& context, const std::string& instance);
/// Gives leave for one start that the start gate would refuse for want of proof.
int verb_gate_allow_once(const Context& context);

/// repmgr's `failover_validation_command`: 0 when this standby may be promoted, within that time.
int verb_gate_vote(const Context& context, Millis within);
/// repmgr's `promote_command` and `service_promote_command`: the same, and then becomes `command`.
int verb_gate_promote(const Context& context, Millis within, const std::vector<std::string>& command);

/// Becomes the way back (rejoin/command.hpp), with its options. Returns only when that fails: 3.
int verb_rejoin(const Context& context, const std::vector<std::string>& options);

/// Makes a cluster key: in a new file (peers/key.hpp, create_key_file()), or on standard output when `path` is empty.
int verb_keygen(const std::string& path);

/// Sends one request and prints the answer; 3 with a sentence when the daemon cannot be asked.
int ask_and_print(const Context& context, const std::vector<std::string>& words);

}  // namespace picket
