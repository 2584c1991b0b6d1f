#include "settings.hpp"

#include <algorithm>

#include "repmgr/conninfo_host.hpp"

namespace picket {
namespace {

constexpr Millis peer_fresh_every{60'000};

ProbeOptions probe_options(const Config& config, const std::string& conninfo) {
  ProbeOptions options;
  options.conninfo = conninfo;
  options.poll = config.postgresql.poll;
  options.session_deadline = config.postgresql.session_deadline;
  options.connect_deadline = config.postgresql.connect_deadline;
  options.fresh_every = config.postgresql.fresh_every;
  options.fresh_deadline = config.postgresql.fresh_deadline;
  return options;
}

}  // namespace

const std::string& guarded_directory(const Config& config, const RepmgrConf& repmgr) {
  return config.postgresql.data_directory.empty() ? repmgr.data_directory : config.postgresql.data_directory;
}

void fit_to_repmgrd(Policy& policy, const RepmgrConf& repmgr) {
  policy.restart_within = std::min(policy.restart_within, repmgr.reconnect_interval * repmgr.reconnect_attempts);
}

std::string wrong_with_lease(const Config& config, const RepmgrConf& repmgr) {
  if (config.policy.level != Level::lease) return {};
  const int self = repmgr.node_id;
  const auto& voters = config.lease.voters;
  if (voters.empty()) return "level is \"lease\", and lease.voters names no nodes: see config/picket.toml";
  if (std::ranges::none_of(voters, [&](const auto& voter) { return voter.id == self; }))
    return "lease.voters does not name this node, " + std::to_string(self);
  if (const int port = config.lease.client_port; has_client_gate(config) && port == server_port(config, repmgr))
    return "lease.client_port (" + std::to_string(port) +
           ") is PostgreSQL's own port: that stays for replication, clients need another";
  return {};
}

bool has_client_gate(const Config& config) { return config.policy.level == Level::lease && config.lease.client_gate; }

const std::string& local_conninfo(const Config& config, const RepmgrConf& repmgr) {
  return config.postgresql.conninfo.empty() ? repmgr.conninfo : config.postgresql.conninfo;
}

int server_port(const Config& config, const RepmgrConf& repmgr) {
  return parse_conninfo_host(local_conninfo(config, repmgr)).port;
}

ProbeOptions local_probe_options(const Config& config, const RepmgrConf& repmgr) {
  return probe_options(config, local_conninfo(config, repmgr));
}

ProbeOptions peer_probe_options(const Config& config, const Node& node) {
  ProbeOptions options = probe_options(config, node.conninfo);
  options.fresh_every = peer_fresh_every;
  return options;
}

}  // namespace picket
