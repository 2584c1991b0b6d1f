#include "config/checks.hpp"

#include <algorithm>
#include <utility>

#include "config/values.hpp"

namespace picket {
namespace {

struct Named {
  std::string key;
  Millis value;
};

std::string shown(const Named& named) { return named.key + " (" + duration_text(named.value) + ")"; }

/// Who is a voter, and at which level.
void check_role(const Config& config, std::vector<Contradiction>& found) {
  const auto& voters = config.lease.voters;
  if (config.role == HostRole::node) {
    if (config.node_id != 0)
      found.push_back({{"node_id"}, "node_id is for role = \"witness\": any other node has its own from repmgr.conf"});
    return;
  }
  const std::string witness = "role is \"witness\": ";
  if (config.policy.level != Level::lease)
    found.push_back({{"role", "level"}, witness + "a witness only votes, and that needs level = \"lease\""});
  else if (config.node_id == 0)
    found.push_back({{"role"}, witness + "node_id must say which of lease.voters this host is"});
  else if (std::ranges::none_of(voters, [&](const auto& voter) { return voter.id == config.node_id; }))
    found.push_back({{"node_id", "lease.voters"},
                     witness + "lease.voters does not name node_id (" + std::to_string(config.node_id) + ")"});
}

/// The client gate. A witness makes none: it names the setting for the times that go with it, which all voters share.
void check_client_gate(const Config& config, std::vector<Contradiction>& found) {
  if (!config.lease.client_gate || config.role == HostRole::witness) return;
  if (config.policy.level != Level::lease)
    found.push_back({{"lease.client_gate", "level"},
                     "lease.client_gate is true, and only level = \"lease\" has a client gate: nothing would keep "
                     "clients from a primary that must not serve them"});
  const int port = config.lease.client_port;
  for (const auto& [key, taken] : {std::pair{"http.port", config.http.port},
                                   {"http.percona_port", config.http.percona_port},
                                   {"http.clustercontrol_port", config.http.clustercontrol_port},
                                   {"haproxy.agent_primary_port", config.haproxy.agent_primary_port},
                                   {"haproxy.agent_replica_port", config.haproxy.agent_replica_port}})
    if (taken == port)
      found.push_back({{"lease.client_port", key},
                       "lease.client_port (" + std::to_string(port) + ") is " + key +
                           " too: the kernel would turn whoever asks there into a client of PostgreSQL"});
}

}  // namespace

bool concerns_a_witness(std::string_view path) {
  for (const std::string_view table : {"http.", "lease.", "log."})
    if (path.starts_with(table)) return true;
  for (const std::string_view key : {"role", "node_id", "level", "run_directory", "state_directory"})
    if (path == key) return true;
  return false;
}

std::vector<Contradiction> contradictions(const Config& config) {
  const Policy& policy = config.policy;
  const Named poll{"postgresql.poll", config.postgresql.poll};
  const Named fresh_deadline{"postgresql.fresh_deadline", config.postgresql.fresh_deadline};
  const Named fresh{"guard.fresh", policy.fresh};
  const Named loop_gap{"guard.loop_gap", policy.loop_gap};
  const Named role_ttl{"guard.role_ttl", policy.role_ttl};
  const Named suspect{"guard.suspect_after", policy.suspect_after};
  const Named isolation{"guard.isolation_timeout", policy.isolation_timeout};
  const Named stale{"guard.stale_confirm", policy.stale_confirm};
  const Named conflict{"guard.conflict_confirm", policy.conflict_confirm};
  const Named withdraw{"guard.hang_withdraw", policy.hang_withdraw};
  const Named stop{"guard.hang_stop", policy.hang_stop};

  std::vector<Contradiction> found;
  check_role(config, found);
  check_client_gate(config, found);
  const auto at_least = [&](const Named& greater, const Named& less, const char* why) {
    if (greater.value >= less.value) return;
    found.push_back({{greater.key, less.key}, shown(greater) + " must not be less than " + shown(less) + ": " + why});
  };
  at_least(stop, withdraw, "a server is withdrawn before it is stopped");
  at_least(conflict, stale, "a primary that is still followed is stopped no sooner than one that is not");
  at_least(isolation, suspect, "a lost majority is an alarm before it is isolation");
  at_least(role_ttl, fresh, "a role is believed at least for as long as the facts are fresh");
  at_least(withdraw, fresh_deadline, "a fresh connection has to fail once before new connections can be said to hang");
  if (fresh.value < 2 * poll.value)
    found.push_back(
        {{fresh.key, poll.key},
         shown(fresh) + " must be at least twice " + shown(poll) + ": else the facts are stale between two polls"});
  if (loop_gap.value < 2 * poll.value)
    found.push_back(
        {{loop_gap.key, poll.key},
         shown(loop_gap) + " must be at least twice " + shown(poll) + ": else each pause between polls is a gap"});
  const Named heartbeat{"lease.heartbeat", config.lease.heartbeat};
  const Named lease{"lease.duration", config.lease.duration};
  const Named drift{"lease.drift", config.lease.drift};
  if (4 * heartbeat.value > lease.value)
    found.push_back({{heartbeat.key, lease.key},
                     shown(lease) + " must be at least four times " + shown(heartbeat) +
                         ": else one or two lost datagrams end a lease"});
  if (50 * drift.value < lease.value)
    found.push_back({{drift.key, lease.key},
                     shown(drift) + " must be at least a fiftieth of " + shown(lease) +
                         ": clocks may differ by one in a hundred in either direction"});
  if (isolation.value < fresh.value + poll.value)
    found.push_back({{isolation.key, fresh.key, poll.key},
                     shown(isolation) + " must be at least " + shown(fresh) + " plus " + shown(poll) +
                         ": else one lost packet is an isolation"});
  return found;
}

}  // namespace picket
