#pragma once
// postmaster.pid taken apart: the file that a postmaster writes into its data directory (src/include/utils/pidfile.h).
// It grows line by line while the server starts and may be empty or short for a moment. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace picket {

struct PostmasterPid {
  int pid = 0;               ///< > 0; 0 while the file is still empty
  bool single_user = false;  ///< the file held -PID: `postgres --single`, no postmaster
  std::string data_directory;
  int64_t started = 0;  ///< wall clock, seconds since 1970
  int port = 0;
  std::string socket_folder;   ///< the first one; empty when there is none
  std::string listen_address;  ///< the first one; "*" stands for all
  int shm_id = -1;             ///< System V segment (shmctl(2)); -1 while not written yet
  std::string status;          ///< "starting", "ready", "stopping", "standby"; "" while not written yet
};

/// Parses the file's text. Lines that are not there yet leave their fields empty. Returns nothing and fills `error`
/// when the text cannot be a postmaster.pid.
std::optional<PostmasterPid> parse_postmaster_pid(std::string_view text, std::string& error);

}  // namespace picket
