#pragma once
// What an earlier job has started and not lived to see the end of: programs that still change this data directory.

#include <string>

namespace picket {

/// The pg_rewind, pg_basebackup or repmgr that has `data_directory` (canonical), or `own_conf` (the copy of repmgr.conf
/// that the way back makes), among its arguments: "pg_rewind (process 4711)"; "" = there is none. Reads /proc.
std::string orphan_of(const std::string& data_directory, const std::string& own_conf);

}  // namespace picket
