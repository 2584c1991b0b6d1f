#include "fence_target.hpp"

namespace picket {

FenceTarget fence_target(const Observers& observers, const Board& board, const Config& config) {
  FenceTarget target;
  target.unit = observers.unit_name();
  target.data_directory = observers.data_directory();
  target.owner = observers.data_owner();
  target.control_group = board.unit.control_group;
  target.postmaster_pid = board.postmaster.pid;
  target.tcp_host = board.self_host;
  if (const auto& file = observers.pid_file()) {
    target.shared_memory_id = file->shm_id;
    target.port = file->port;
    target.socket_folder = file->socket_folder;
  }
  const std::string& address = config.keepalived.address;
  target.virtual_address = address.substr(0, address.find('/'));
  if (const auto& facts = board.server.facts)
    for (const Follower& each : facts->followers)
      if (each.client_port > 0) target.followers.push_back({each.client_addr, each.client_port});
  return target;
}

}  // namespace picket
