#pragma once
// The server processes of one data directory as /proc shows them (proc(5)): a backend that outlived its postmaster
// still commits. Only links and small files of /proc are read, so a sick disk does not make these calls wait.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace picket {

struct ServerProcess {
  int pid = 0;
  Instant started{};  ///< to 10 ms (field 22 of /proc/PID/stat)
};

/// Every process named postgres or postmaster whose working directory is `data_directory`, which must be its canonical
/// path; zombies and processes of another PID namespace are left out. Nothing when a process of that name may not be
/// examined (ptrace(2), access mode checking), or /proc cannot be read: the caller then does not know. `owner` of the
/// directory, where known, leaves out other users' processes, which need not be examined then: a server runs only as
/// the owner of its data directory (checkDataDir() in miscinit.c).
std::optional<std::vector<ServerProcess>> server_processes(const std::string& data_directory,
                                                           std::optional<uid_t> owner = {});

/// Whether `pid` is one of them.
enum class IsServer { no, yes, unknown };
IsServer is_server_process(int pid, const std::string& data_directory, std::optional<uid_t> owner = {});

/// The effective user in a text of /proc/PID/status (proc(5)); nothing if it is not there.
std::optional<uid_t> effective_user_in(const std::string& status);

/// How many processes have the System V segment attached (shmctl(2) IPC_STAT); 0 when it is gone, -1 when we may not
/// look. PostgreSQL refuses to start over a segment with others attached.
int shared_memory_attached(int shm_id);

}  // namespace picket
