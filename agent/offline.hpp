#pragma once
// What the programs that live for one question (the start gate, the way back) share: they run without the agent, begin
// as root or as the owner of the data, and read from disk what the agent has in memory.

#include <string>

#include "config/config.hpp"
#include "core/facts.hpp"
#include "repmgr/repmgr_conf.hpp"

namespace picket {

/// repmgr.conf. Throws RepmgrConfError, which names the file, also when it cannot be read.
RepmgrConf load_repmgr_conf(const std::string& path);

/// From here on with the rights of whoever owns the data: his .pgpass opens the peers, and root connects nowhere.
/// Throws std::runtime_error when that cannot be; does nothing for anybody but root.
void become_owner_of(const std::string& directory);

/// This node, its disk, and the other nodes by the kept list of repmgr.nodes; nobody has been asked yet. Blocks as the
/// disk does.
Board offline_board(const Config& config, const RepmgrConf& repmgr, const std::string& data_directory, Instant began);

}  // namespace picket
