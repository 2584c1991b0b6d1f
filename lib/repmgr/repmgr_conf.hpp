#pragma once
// repmgr.conf as far as picket needs it. The grammar is repmgr's own (5.3: the scanner of postgresql.conf): `name =
// value`, the equals sign optional, values quoted with '..' where they hold blanks, comments from # to the end of the
// line, the last of several settings of one name wins. Names that picket does not use are ignored.

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace picket {

struct RepmgrConf {
  int node_id = 0;             ///< > 0
  std::string node_name;       ///< also the application_name of the node's WAL receiver
  std::string conninfo;        ///< how other nodes reach this one
  std::string data_directory;  ///< absolute
  std::string pg_bindir;       ///< "" = the PATH
  std::string service_start_command;
  std::string service_stop_command;
  std::string service_restart_command;
  std::string service_reload_command;
  std::string service_promote_command;
  std::string promote_command;
  std::string follow_command;
  std::string failover_validation_command;
  std::string failover = "manual";             ///< "manual" or "automatic"
  std::string connection_check_type = "ping";  ///< "ping", "connection" or "query"
  int priority = 100;                          ///< 0 = never promote
  Millis monitor_interval{2000};               ///< monitor_interval_secs
  Millis reconnect_interval{10000};            ///< of repmgrd, between two attempts
  int reconnect_attempts = 6;                  ///< of repmgrd, before it calls the upstream dead
  Millis primary_notification_timeout{60000};  ///< of repmgrd on the other standbys, for the new primary
  bool primary_visibility_consensus = false;
  std::vector<std::string> warnings;  ///< "FILE:LINE: ..." for what was read over (include directives)
};

/// what() is "FILE:LINE: message", or "FILE: message" where no line is to blame.
class RepmgrConfError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the text of a repmgr.conf; `filename` only names it in messages. Throws RepmgrConfError when a line is
/// malformed, a value makes no sense, or node_id, node_name, conninfo or data_directory is missing.
RepmgrConf parse_repmgr_conf(std::string_view text, const std::string& filename);

}  // namespace picket
