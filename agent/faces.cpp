#include "faces.hpp"

namespace picket {
namespace {

FaceOptions face_options(const Config& config) {
  FaceOptions options;
  options.dialect = config.http.dialect;
  options.max_age = config.policy.fresh;
  options.tags = config.http.tags;
  options.scope = config.http.scope;
  options.port = config.http.port;
  options.patroni_metrics = config.http.patroni_metrics;
  options.replica_max_lag = config.policy.replica_max_lag;
  return options;
}

Server::Options server_options(const Config& config, int port, bool speak_first) {
  Server::Options options;
  options.address = config.http.listen;
  options.port = port;
  options.speak_first = speak_first;
  return options;
}

/// A health page whose dialect answers everybody the same must not wait for a request either.
bool speaks_first(Dialect dialect) { return dialect == Dialect::percona206 || dialect == Dialect::clustercontrol; }

}  // namespace

Faces::Faces(Loop& loop, const Config& config, Look look)
    : loop_(loop),
      look_(std::move(look)),
      pages_(face_options(config), [this] { return use(); }),
      health_(loop, server_options(config, config.http.port, speaks_first(config.http.dialect)),
              [this](Method, std::string_view path, std::string_view query) -> const Page& {
                return pages_.page(path, query, look_(), boot_now());
              }) {
  const FaceOptions options = face_options(config);
  open(loop, config, "status 206 for standbys", config.http.percona_port,
       FixedPage::http([options](const Snapshot* s, Instant now) { return percona206(s, now, options); }));
  open(loop, config, "ClusterControl's check", config.http.clustercontrol_port,
       FixedPage::http([options](const Snapshot* s, Instant now) { return clustercontrol(s, now, options); }));
  open(loop, config, "agent-check of the primary", config.haproxy.agent_primary_port,
       FixedPage::line(
           [options](const Snapshot* s, Instant now) { return agent_line(AgentRole::primary, s, now, options); }));
  open(loop, config, "agent-check of replicas", config.haproxy.agent_replica_port,
       FixedPage::line(
           [options](const Snapshot* s, Instant now) { return agent_line(AgentRole::replica, s, now, options); }));
}

void Faces::open(Loop& loop, const Config& config, const char* name, int port, FixedPage page) {
  if (port == 0) return;
  auto fixed = std::make_unique<Fixed>(Fixed{name, std::move(page), nullptr});
  fixed->server =
      std::make_unique<Server>(loop, server_options(config, port, true),
                               [this, raw = fixed.get()](Method, std::string_view, std::string_view) -> const Page& {
                                 return raw->page.page(look_(), boot_now());
                               });
  fixed_.push_back(std::move(fixed));
}

std::string Faces::others() const {
  std::string text;
  for (const auto& fixed : fixed_) {
    text += text.empty() ? "" : ", ";
    text += fixed->name + " " + std::to_string(fixed->server->port());
  }
  return text;
}

HttpUse Faces::use() const {
  const Server::Counters& c = health_.counters();
  const double hold = std::chrono::duration<double>(loop_.longest_hold()).count();
  return {c.accepted, c.answered, c.rejected, c.evicted, c.timed_out, health_.connections(), hold};
}

}  // namespace picket
