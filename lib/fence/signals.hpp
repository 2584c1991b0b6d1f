#pragma once
// Signals straight to the processes of one PostgreSQL server, for when systemd cannot be asked or does not know the
// server. A number that now belongs to another process is never signalled: the process is pinned by a pidfd first
// (pidfd_open(2)), and then shown to be a server process of that data directory.

#include <string>
#include <vector>

#include "postgres/processes.hpp"

namespace picket {

/// Sends `signal` to each of `processes` that still is a server process of `data_directory`. Returns what was done,
/// e.g. "sent to 4711 4712; 4713: Operation not permitted"; empty when none of them is there any more.
std::string signal_servers(const std::string& data_directory, const std::vector<ServerProcess>& processes, int signal);

/// Those whose parent is not among `processes`: the postmaster, and backends that lost theirs. The postmaster of a
/// frozen or half-started server is found in this way too.
std::vector<ServerProcess> without_parents(const std::vector<ServerProcess>& processes);

/// The same processes, those without_parents() first: what a postmaster forked before its own end is then found by the
/// next look, and nothing is forked after that.
std::vector<ServerProcess> parents_first(const std::vector<ServerProcess>& processes);

/// Those that have lost their postmaster: neither a parent nor a child among `processes`. A living postmaster has
/// children (only in the first moments of its start it has none).
std::vector<ServerProcess> orphans(const std::vector<ServerProcess>& processes);

/// The parent in a text of /proc/PID/stat (proc(5)), whose second field may hold spaces and parentheses; 0 if there is
/// none.
int parent_in_stat(const std::string& text);

}  // namespace picket
