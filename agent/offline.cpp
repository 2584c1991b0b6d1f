#include "offline.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "loop/read_file.hpp"
#include "node_list.hpp"
#include "postgres/disk_reading.hpp"
#include "rejoin/record.hpp"
#include "repmgr/conninfo_host.hpp"

namespace picket {

RepmgrConf load_repmgr_conf(const std::string& path) {
  const auto text = read_file(path);
  if (!text) throw RepmgrConfError(path + ": cannot be read: " + std::strerror(errno));
  return parse_repmgr_conf(*text, path);
}

void become_owner_of(const std::string& directory) {
  struct stat info {};
  if (stat(directory.c_str(), &info) != 0) throw std::runtime_error(directory + ": " + std::strerror(errno));
  if (geteuid() != 0) return;
  const passwd* owner = info.st_uid == 0 ? nullptr : getpwuid(info.st_uid);
  if (!owner) throw std::runtime_error(directory + ": its owner is root, or unknown");
  const std::string name = owner->pw_name, home = owner->pw_dir;
  const gid_t group = owner->pw_gid;
  if (initgroups(name.c_str(), group) != 0 || setgid(group) != 0 || setuid(info.st_uid) != 0)
    throw std::runtime_error("cannot become " + name + ": " + std::strerror(errno));
  setenv("HOME", home.c_str(), 1);
  setenv("USER", name.c_str(), 1);
  setenv("LOGNAME", name.c_str(), 1);
}

Board offline_board(const Config& config, const RepmgrConf& repmgr, const std::string& data_directory, Instant began) {
  Board board;
  board.self_id = repmgr.node_id;
  board.self_name = repmgr.node_name;
  if (const auto place = parse_conninfo_host(repmgr.conninfo); place.error.empty()) {
    board.self_host = place.name();
    board.self_port = place.port;
  }
  board.disk = read_data_directory(data_directory).disk;
  if (const auto record = read_rejoin_record(rejoin_record_path(config.state_directory)))
    board.disk.half_rewound = half_rewound(*record, board.disk);
  const NodeCache cache = read_node_cache(config.state_directory + "/nodes.json");
  board.nodes_known = !cache.nodes.empty();
  board.nodes_lost = !cache.error.empty();
  board.nodes_why_unknown = cache.error;
  for (const Node& node : cache.nodes) {
    if (node.id == repmgr.node_id) {
      board.self_is_witness = node.type == Node::Type::witness;
    } else {
      board.peers.push_back({node, {}});
    }
  }
  board.started = began;
  return board;
}

}  // namespace picket
