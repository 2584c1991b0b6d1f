#include "report/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <sstream>

#include "report/condition.hpp"
#include "report/metric_list.hpp"
#include "report/patroni_metrics.hpp"
#include "version.hpp"

namespace picket {
namespace {

double seconds(Millis m) { return static_cast<double>(m.count()) / 1000.0; }

template <class Number>
std::optional<double> positive(Number number) {
  return number > 0 ? std::optional<double>(static_cast<double>(number)) : std::nullopt;
}

std::optional<double> in_seconds(const std::optional<Millis>& time) {
  return time ? std::optional<double>(seconds(*time)) : std::nullopt;
}

std::optional<double> bytes(const std::optional<Lsn>& position) {
  return position ? std::optional<double>(static_cast<double>(*position)) : std::nullopt;
}

void put_verdict(MetricList& list, const Snapshot& s, Instant now) {
  const Verdict& v = s.verdict;
  list.gauge("picket_verdict_info", "The row of the decision table that holds, with what is done by it.", 1,
             {{"rule", std::string(word(v.rule))},
              {"vrrp", std::string(word(v.vrrp))},
              {"action", std::string(word(v.action))}});
  list.states("picket_advert", "What the health page says this node is.", "advert", word(v.advert),
              {word(Advert::primary), word(Advert::replica), word(Advert::down)});
  list.gauge("picket_verdict_generation", "How many verdicts there have been since the node was booted.",
             static_cast<double>(s.generation));
  list.gauge("picket_verdict_held_seconds", "For how long the verdict has held.", seconds(now - s.since));
  list.gauge("picket_verdict_age_seconds", "How long ago it was last found to hold.", seconds(now - s.decided));
  list.gauge("picket_alarms", "How many things a human should look at.", static_cast<double>(v.alarms.size()));
}

void put_fence(MetricList& list, const Snapshot& s) {
  const MarkerFacts::State state = s.board.marker.state;
  const bool known = state == MarkerFacts::State::none || state == MarkerFacts::State::fenced;
  list.gauge("picket_fenced", "Whether this node is fenced; no sample when that cannot be read.",
             known ? std::optional<double>(state == MarkerFacts::State::fenced) : std::nullopt);
  list.gauge("picket_fence_in_progress", "Whether PostgreSQL is being stopped by a fence just now.",
             s.board.fence_in_progress);
}

void put_lease(MetricList& list, const Snapshot& s, Instant now) {
  if (!s.board.lease) return;
  const LeaseFacts& l = *s.board.lease;
  list.gauge("picket_lease_valid", "Whether this node holds a valid lease.", now < l.valid_until);
  list.gauge("picket_lease_left_seconds", "Until it ends unless it is renewed; no sample when it is not held.",
             positive(seconds(now < l.valid_until ? l.valid_until - now : Millis{0})));
  list.gauge("picket_lease_holder_term", "The newest term whose holder has proved itself.",
             static_cast<double>(l.won_term));
  if (s.client_gate)
    list.gauge("picket_client_gate_open", "Whether the kernel lets clients through to PostgreSQL.",
               now < s.client_gate->open_until);
  for (const AgentLink& link : s.links) {
    const std::string node = std::to_string(link.id);
    list.gauge("picket_agent_heard_seconds", "Since the latest datagram of that node's agent that was believed.",
               link.heard ? std::optional<double>(seconds(now - *link.heard)) : std::nullopt, {{"node_id", node}});
    for (const auto& [why, count] : link.dropped)
      list.add(MetricList::Type::Counter, "picket_agent_dropped_total", "Datagrams that were not acted on.",
               static_cast<double>(count), {{"node_id", node}, {"reason", why}});
  }
}

void put_maintenance(MetricList& list, const Snapshot& s, Instant now) {
  list.gauge("picket_maintenance", "Whether an operator has announced planned work on this node.",
             s.maintenance.has_value());
  list.gauge("picket_maintenance_left_seconds", "Until that ends by itself; no sample when there is none.",
             s.maintenance ? std::optional<double>(seconds(s.maintenance->until - now)) : std::nullopt);
}

void put_server(MetricList& list, const Snapshot& s, Instant now, Millis max_age) {
  const Board& board = s.board;
  const bool up = postgresql_up(board, now, max_age);
  list.gauge("picket_postgresql_up", "Whether the local PostgreSQL answers on picket's session.", up);
  list.gauge("picket_postgresql_survivors", "Server processes that outlived their postmaster.",
             board.postmaster.survivors < 0 ? std::nullopt : std::optional<double>(board.postmaster.survivors));
  if (!up) return;
  const ServerFacts& facts = *board.server.facts;
  list.gauge("picket_postgresql_in_recovery", "Whether the local PostgreSQL is a standby.",
             facts.role == Role::standby);
  list.gauge("picket_postgresql_timeline", "Its timeline.", positive(facts.timeline));
  list.gauge("picket_postgresql_start_time_seconds", "When its postmaster started, in seconds since 1970.",
             positive(static_cast<double>(facts.started_us) / 1e6));
  list.gauge("picket_postgresql_wal_position_bytes", "Where it writes (primary) or has received to (standby).",
             positive(facts.lsn));
  if (facts.role == Role::standby) {
    const Lag lag = lag_of(board.server, board, now, max_age);
    list.gauge("picket_postgresql_wal_replayed_position_bytes", "Where its replay is.", positive(facts.replay_lsn));
    list.gauge("picket_replication_streaming", "Whether it receives WAL now.",
               is_streaming(board.server, now, max_age));
    list.gauge("picket_replication_replay_paused", "Whether somebody has paused its replay.", facts.replay_paused);
    list.gauge("picket_replication_lag_bytes",
               "Bytes that the primary wrote and it has not replayed; no sample when "
               "that cannot be known.",
               bytes(lag.bytes));
    list.gauge("picket_replication_receive_lag_bytes", "Bytes that the primary wrote and it has not received.",
               bytes(lag.unwritten));
    list.gauge("picket_replication_lag_seconds", "Age of the last commit it replayed, 0 when it lacks nothing.",
               in_seconds(lag.time));
  }
  for (const Follower& f : facts.followers)
    list.gauge("picket_follower_lag_bytes", "Bytes that this server wrote and a follower has not replayed.",
               f.replay_lsn == 0 ? std::nullopt
                                 : std::optional<double>(
                                       static_cast<double>(facts.lsn > f.replay_lsn ? facts.lsn - f.replay_lsn : 0)),
               {{"follower", f.application_name}, {"client_addr", f.client_addr}, {"state", f.state}});
}

void put_peers(MetricList& list, const Board& board, Instant now, Millis max_age) {
  for (const Peer& peer : board.peers) {
    const ServerView& view = peer.server;
    const bool up = view.facts && view.session.answer == Answer::ok && now - view.facts_asked <= max_age;
    const MetricList::Labels labels{{"peer", peer.node.name}};
    list.gauge("picket_peer_up", "Whether another node's PostgreSQL answers this agent.", up, labels);
    list.gauge(
        "picket_peer_answer_age_seconds", "How long ago it was last asked with success.",
        view.session.answered_asked ? std::optional<double>(seconds(now - *view.session.answered_asked)) : std::nullopt,
        labels);
    list.gauge("picket_peer_primary", "Whether it says that it is a primary.",
               up ? std::optional<double>(view.facts->role == Role::primary) : std::nullopt, labels);
    list.gauge("picket_peer_timeline", "Its timeline.", up ? positive(view.facts->timeline) : std::nullopt, labels);
  }
}

void put_http(MetricList& list, const HttpUse& use) {
  const auto number = [](uint64_t n) { return static_cast<double>(n); };
  list.counter("picket_http_connections_total", "Connections accepted by the health page.", number(use.accepted));
  list.counter("picket_http_requests_total", "Requests that it answered.", number(use.answered));
  list.counter("picket_http_rejected_total", "Requests that were malformed, too large or not served.",
               number(use.rejected));
  list.counter("picket_http_evicted_total", "Connections closed to make room.", number(use.evicted));
  list.counter("picket_http_timed_out_total", "Connections closed at their deadline.", number(use.timed_out));
  list.gauge("picket_http_connections", "Connections that are open now.", use.connections);
  list.gauge("picket_loop_hold_seconds",
             "The longest that the agent, busy with one thing, kept requests and decisions waiting in the last minute.",
             use.loop_hold);
}

}  // namespace

std::string metrics_text(const Snapshot* s, const HttpUse& http, Instant now, int64_t wall_us,
                         const FaceOptions& options) {
  MetricList list;
  MetricList::Labels build{{"version", version}};
  if (s) build.emplace_back("node", s->board.self_name);
  list.gauge("picket_build_info", "The agent that answers.", 1, build);
  if (s) {
    list.gauge("picket_uptime_seconds", "For how long the agent has run.",
               s->board.started == Instant{} ? std::nullopt : std::optional<double>(seconds(now - s->board.started)));
    put_verdict(list, *s, now);
    put_fence(list, *s);
    put_maintenance(list, *s, now);
    put_lease(list, *s, now);
    put_server(list, *s, now, options.max_age);
    put_peers(list, s->board, now, options.max_age);
  }
  put_http(list, http);
  if (options.patroni_metrics) put_patroni_metrics(list, s, now, wall_us, options);
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, list.families());
  return out.str();
}

}  // namespace picket
