#include "config/keys.hpp"

#include <limits>

#include "config/values.hpp"
#include "repmgr/conninfo_host.hpp"

namespace picket {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

using Check = std::function<std::string(const std::string&)>;  // why a text is refused, or empty

template <typename Value>
using Place = Value& (*)(Config&);

template <typename Value>
const Value& value_of(const Entry& entry, const char* expected) {
  const Value* value = std::get_if<Value>(&entry.value);
  if (value == nullptr) throw Refusal{std::string("must be ") + expected + ", not " + entry.type};
  return *value;
}

Key text(const char* path, Place<std::string> place, Check check) {
  return {path, [=](Config& config, const Entry& entry) {
            const std::string& value = value_of<std::string>(entry, "a string");
            if (const std::string why = check(value); !why.empty()) throw Refusal{why};
            place(config) = value;
          }};
}

Key duration(const char* path, Place<Millis> place, Millis least, Millis most) {
  return {path, [=](Config& config, const Entry& entry) {
            const char* const form = "a duration in quotes with its unit, such as \"4s\" or \"250ms\"";
            const std::optional<Millis> value = parse_duration(value_of<std::string>(entry, form));
            if (!value) throw Refusal{std::string("must be ") + form};
            if (*value < least || *value > most)
              throw Refusal{"must be from " + duration_text(least) + " to " + duration_text(most)};
            place(config) = *value;
          }};
}

Key boolean(const char* path, Place<bool> place) {
  return {path, [=](Config& config, const Entry& entry) { place(config) = value_of<bool>(entry, "true or false"); }};
}

template <typename Enum>
Key choice(const char* path, Place<Enum> place, std::vector<std::pair<std::string, Enum>> words) {
  return {path, [=](Config& config, const Entry& entry) {
            const std::string& value = value_of<std::string>(entry, "a string");
            std::string list;
            for (const auto& [word, meaning] : words) {
              if (value == word) {
                place(config) = meaning;
                return;
              }
              list += (list.empty() ? "\"" : ", \"") + word + "\"";
            }
            throw Refusal{"\"" + value + "\" is none of " + list};
          }};
}

std::string absolute(const std::string& value) {
  return value.starts_with('/') && !value.ends_with('/') ? "" : "must be an absolute path without a slash at the end";
}

std::string absolute_or_empty(const std::string& value) { return value.empty() ? "" : absolute(value); }

std::string service(const std::string& value) {
  const bool good = value.ends_with(".service") && value.find_first_of("/ \t") == std::string::npos;
  return good ? "" : "must be the name of a systemd unit that ends in .service";
}

std::string service_or_empty(const std::string& value) { return value.empty() ? "" : service(value); }

std::string program_or_empty(const std::string& value) {
  return value.empty() || value.starts_with('/') ? "" : "must begin with the absolute path of a program";
}

std::string listen_address(const std::string& value) {
  return value.empty() || is_address(value, false) ? "" : "must be an IPv4 or IPv6 address, or empty for all";
}

std::string virtual_address(const std::string& value) {
  return value.empty() || is_address(value, true) ? "" : "must be an IPv4 or IPv6 address such as \"10.0.0.5\"";
}

std::string connection_string(const std::string& value) {
  return value.empty() ? "" : parse_conninfo_host(value).error;
}

Key number(const char* path, Place<int> place, int least, int most) {
  return {path, [=](Config& config, const Entry& entry) {
            const int64_t value = value_of<int64_t>(entry, "a whole number");
            if (value < least || value > most)
              throw Refusal{"must be from " + std::to_string(least) + " to " + std::to_string(most)};
            place(config) = static_cast<int>(value);
          }};
}

/// `least` is 0 where that means none.
Key port(const char* path, Place<int> place, int least) { return number(path, place, least, 65535); }

std::string not_empty(const std::string& value) { return value.empty() ? "must not be empty" : ""; }

void set_tags(Config& config, const Entry& entry) {
  const char* const form = "tags in quotes such as \"zone=a noloadbalance=true\"";
  const std::optional<Tags> tags = parse_tags(value_of<std::string>(entry, form));
  if (!tags) throw Refusal{std::string("must be ") + form};
  config.http.tags = *tags;
}

void set_voters(Config& config, const Entry& entry) {
  const char* const form = "node ids and addresses in quotes, such as \"1=10.0.0.1 2=10.0.0.2 3=db3.example:8009\"";
  const auto voters = parse_voters(value_of<std::string>(entry, form));
  if (!voters) throw Refusal{std::string("must be ") + form + ", each id once"};
  if (!voters->empty() && (voters->size() < 3 || voters->size() > 7))
    throw Refusal{"must name 3 to 7 nodes: with fewer there is no majority without all of them"};
  config.lease.voters = *voters;
}

void set_max_lag_time(Config& config, const Entry& entry) {
  const char* const form = "a duration in quotes with its unit, such as \"30s\", or \"none\"";
  const std::string& value = value_of<std::string>(entry, form);
  const std::optional<Millis> time = parse_duration(value);
  if (!time && value != "none") throw Refusal{std::string("must be ") + form};
  config.policy.replica_max_lag_time = time;
}

void set_max_lag(Config& config, const Entry& entry) {
  const char* const form = "a size in quotes with its unit (B, kB, MB, GB, TB), such as \"16MB\", or \"none\"";
  const std::string& value = value_of<std::string>(entry, form);
  const std::optional<uint64_t> bytes = parse_size(value);
  if (!bytes && value != "none") throw Refusal{std::string("must be ") + form};
  config.policy.replica_max_lag = bytes;
}

void set_flight_recorder(Config& config, const Entry& entry) {
  const char* const form = "a size in quotes with its unit (B, kB, MB, GB), such as \"4MB\", or \"none\"";
  const std::string& value = value_of<std::string>(entry, form);
  const std::optional<uint64_t> bytes = parse_size(value);
  if (!bytes && value != "none") throw Refusal{std::string("must be ") + form};
  if (bytes && (*bytes < 256 * 1024 || *bytes > 1024 * 1024 * 1024))
    throw Refusal{"must be from 256kB to 1GB, or \"none\""};
  config.flight_recorder = bytes.value_or(0);
}

void set_max_lost(Config& config, const Entry& entry) {
  const char* const form = "a size in quotes with its unit (B, kB, MB, GB, TB), such as \"16MB\"";
  const std::optional<uint64_t> bytes = parse_size(value_of<std::string>(entry, form));
  if (!bytes) throw Refusal{std::string("must be ") + form};
  config.rejoin.max_lost = *bytes;
}

}  // namespace

// Each place is a lambda that names the field, so that a key cannot go to a field of another type.
#define PLACE(field) \
  [](Config & c) -> auto& { return c.field; }

const std::vector<Key>& known_keys() {
  static const std::vector<Key> keys = {
      choice<Level>("level", PLACE(policy.level),
                    {{"observe", Level::observe}, {"guard", Level::guard}, {"lease", Level::lease}}),
      choice<HostRole>("role", PLACE(role), {{"node", HostRole::node}, {"witness", HostRole::witness}}),
      number("node_id", PLACE(node_id), 0, std::numeric_limits<int>::max()),
      choice<bool>("rejoin", PLACE(rejoin.automatic), {{"manual", false}, {"auto", true}}),
      {"rejoin_max_lost", set_max_lost},
      text("run_directory", PLACE(run_directory), absolute),
      text("state_directory", PLACE(state_directory), absolute),

      text("http.listen", PLACE(http.listen), listen_address),
      port("http.port", PLACE(http.port), 1),
      choice<Dialect>("http.dialect", PLACE(http.dialect),
                      {{"pgchk", Dialect::pgchk},
                       {"patroni", Dialect::patroni},
                       {"percona206", Dialect::percona206},
                       {"clustercontrol", Dialect::clustercontrol}}),
      text("http.scope", PLACE(http.scope), not_empty),
      {"http.tags", set_tags},
      boolean("http.patroni_metrics", PLACE(http.patroni_metrics)),
      port("http.percona_port", PLACE(http.percona_port), 0),
      port("http.clustercontrol_port", PLACE(http.clustercontrol_port), 0),

      port("haproxy.agent_primary_port", PLACE(haproxy.agent_primary_port), 0),
      port("haproxy.agent_replica_port", PLACE(haproxy.agent_replica_port), 0),

      text("repmgr.conf", PLACE(repmgr.conf), absolute),
      duration("repmgr.nodes_every", PLACE(repmgr.nodes_every), 500ms, 5min),

      text("postgresql.conninfo", PLACE(postgresql.conninfo), connection_string),
      text("postgresql.data_directory", PLACE(postgresql.data_directory), absolute_or_empty),
      text("postgresql.unit", PLACE(postgresql.unit), service_or_empty),
      duration("postgresql.poll", PLACE(postgresql.poll), 50ms, 10s),
      duration("postgresql.fresh_every", PLACE(postgresql.fresh_every), 100ms, 1min),
      duration("postgresql.session_deadline", PLACE(postgresql.session_deadline), 50ms, 30s),
      duration("postgresql.connect_deadline", PLACE(postgresql.connect_deadline), 50ms, 30s),
      duration("postgresql.fresh_deadline", PLACE(postgresql.fresh_deadline), 50ms, 30s),

      text("keepalived.address", PLACE(keepalived.address), virtual_address),
      text("keepalived.unit", PLACE(keepalived.unit), service),
      text("keepalived.gate_file", PLACE(keepalived.gate_file), absolute),
      text("keepalived.rank_file", PLACE(keepalived.rank_file), absolute),
      text("keepalived.notify_fifo", PLACE(keepalived.notify_fifo), absolute_or_empty),

      text("fence.watchdog", PLACE(fence.watchdog), absolute_or_empty),
      duration("fence.watchdog_timeout", PLACE(fence.watchdog_timeout), 2s, 1min),
      text("fence.stonith_hook", PLACE(fence.stonith_hook), program_or_empty),

      duration("guard.fresh", PLACE(policy.fresh), 200ms, 1min),
      duration("guard.role_ttl", PLACE(policy.role_ttl), 0s, 5min),
      duration("guard.loop_gap", PLACE(policy.loop_gap), 200ms, 1min),
      duration("guard.suspect_after", PLACE(policy.suspect_after), 100ms, 5min),
      duration("guard.isolation_timeout", PLACE(policy.isolation_timeout), 500ms, 10min),
      duration("guard.stale_confirm", PLACE(policy.stale_confirm), 0s, 1min),
      duration("guard.conflict_confirm", PLACE(policy.conflict_confirm), 0s, 1min),
      duration("guard.promotion_confirm", PLACE(policy.promotion_confirm), 0s, 5min),
      duration("guard.hang_withdraw", PLACE(policy.hang_withdraw), 500ms, 10min),
      duration("guard.hang_stop", PLACE(policy.hang_stop), 500ms, 10min),
      duration("guard.upstream_silence", PLACE(policy.upstream_silence), 1s, 1h),
      duration("guard.rejoin_stable", PLACE(policy.rejoin_stable), 0s, 1h),
      choice<OnCrash>("guard.on_crash", PLACE(policy.on_crash),
                      {{"restart", OnCrash::restart}, {"release", OnCrash::release}}),
      duration("guard.restart_within", PLACE(policy.restart_within), 500ms, 1min),
      duration("guard.start_gate_within", PLACE(policy.start_gate_within), 1s, 1min),
      duration("guard.return_stable", PLACE(policy.return_stable), 0s, 1h),

      {"lease.voters", set_voters},
      text("lease.key", PLACE(lease.key), absolute),
      text("lease.listen", PLACE(lease.listen), listen_address),
      port("lease.port", PLACE(lease.port), 1),
      duration("lease.heartbeat", PLACE(lease.heartbeat), 50ms, 10s),
      duration("lease.duration", PLACE(lease.duration), 500ms, 1min),
      duration("lease.drift", PLACE(lease.drift), 50ms, 10s),
      duration("lease.fence_within", PLACE(lease.fence_within), 500ms, 1min),
      duration("lease.promote_within", PLACE(policy.promote_within), 5s, 10min),
      duration("lease.unreachable_stop", PLACE(policy.unreachable_stop), 0s, 10min),
      boolean("lease.client_gate", PLACE(lease.client_gate)),
      port("lease.client_port", PLACE(lease.client_port), 1),

      {"replica.max_lag", set_max_lag},
      {"replica.max_lag_time", set_max_lag_time},
      duration("replica.lag_for", PLACE(policy.replica_lag_for), 0s, 1h),
      duration("replica.lag_rejoin", PLACE(policy.replica_lag_rejoin), 0s, 1h),
      boolean("replica.stale_reads", PLACE(policy.stale_reads)),

      choice<LogLevel>("log.level", PLACE(log_level),
                       {{"debug", LogLevel::debug},
                        {"info", LogLevel::info},
                        {"warning", LogLevel::warning},
                        {"error", LogLevel::error}}),
      {"log.flight_recorder", set_flight_recorder},
  };
  return keys;
}

#undef PLACE

}  // namespace picket
