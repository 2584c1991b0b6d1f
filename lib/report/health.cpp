#include "report/health.hpp"

#include <algorithm>
#include <array>

#include "report/condition.hpp"
#include "report/fixed_answers.hpp"
#include "report/health_query.hpp"

namespace picket {
namespace {

// The bytes of pgchk.py, as its users' checks compare them.
constexpr std::string_view primary_yes = "OK - Primary\n";
constexpr std::string_view primary_no = "Service Unavailable - Not Primary\n";
constexpr std::string_view replica_yes = "OK - Replica\n";
constexpr std::string_view replica_no = "Service Unavailable - Not Replica\n";
constexpr std::string_view unreachable = "PostgreSQL Unreachable\n";
constexpr std::string_view not_found = "Not Found\n";
// Ours, in the same style.
constexpr std::string_view readable_no = "Service Unavailable - Neither Primary Nor Replica\n";
constexpr std::string_view fallback_no = "Service Unavailable - A Standby Answers Reads\n";
constexpr std::string_view standby_leader_no = "Service Unavailable - Not Standby Leader\n";
constexpr std::string_view running_yes = "OK - Running\n";
constexpr std::string_view alive_yes = "OK - Deciding\n";
constexpr std::string_view alive_no = "Service Unavailable - Not Deciding\n";
constexpr std::string_view draining = "Draining\n";
constexpr std::string_view garbled = "Bad Request - lag is no size and no time\n";

/// How far behind a standby may be to be ready, unless the request says; Patroni's default of maximum_lag_on_failover.
constexpr uint64_t ready_lag = 1048576;

enum class Route : uint8_t {
  primary,
  standby_leader,
  replica,
  read_only,
  sync,
  quorum,
  async,
  read_only_sync,
  read_only_quorum,
  health,
  liveness,
  readiness,
  none
};

constexpr std::array routes{
    std::pair{std::string_view{"/primary"}, Route::primary},
    std::pair{std::string_view{"/"}, Route::primary},
    std::pair{std::string_view{"/master"}, Route::primary},
    std::pair{std::string_view{"/replica"}, Route::replica},
    std::pair{std::string_view{"/read-write"}, Route::primary},
    std::pair{std::string_view{"/leader"}, Route::primary},  // repmgr has no clusters that stream from another one
    std::pair{std::string_view{"/standby-leader"}, Route::standby_leader},
    std::pair{std::string_view{"/standby_leader"}, Route::standby_leader},
    std::pair{std::string_view{"/read-only"}, Route::read_only},
    std::pair{std::string_view{"/sync"}, Route::sync},
    std::pair{std::string_view{"/synchronous"}, Route::sync},
    std::pair{std::string_view{"/quorum"}, Route::quorum},
    std::pair{std::string_view{"/async"}, Route::async},
    std::pair{std::string_view{"/asynchronous"}, Route::async},
    std::pair{std::string_view{"/read-only-sync"}, Route::read_only_sync},
    std::pair{std::string_view{"/read-only-synchronous"}, Route::read_only_sync},
    std::pair{std::string_view{"/read-only-quorum"}, Route::read_only_quorum},
    std::pair{std::string_view{"/health"}, Route::health},
    std::pair{std::string_view{"/liveness"}, Route::liveness},
    std::pair{std::string_view{"/readiness"}, Route::readiness},
};

Route route(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  for (const auto& [name, meaning] : routes) {
    if (name == path) return meaning;
  }
  return Route::none;
}

/// Everything that one request is judged by.
struct Case {
  const Snapshot& snapshot;
  Instant now;
  const FaceOptions& options;
  HealthQuery query;

  const Board& board() const { return snapshot.board; }
  bool up() const { return postgresql_up(board(), now, options.max_age); }
  bool primary() const { return is_primary(&snapshot, now, options.max_age); }
  bool lag_within(std::optional<uint64_t> bytes) const {
    if (!bytes && !query.lag_time) return true;
    const Lag lag = lag_of(board().server, board(), now, options.max_age);
    const std::optional<Lsn>& counted = query.received ? lag.unwritten : lag.bytes;
    return counted && (!bytes || *counted <= *bytes) && (!query.lag_time || (lag.time && *lag.time <= *query.lag_time));
  }
  bool tags_match() const {
    return std::ranges::all_of(query.tags, [&](const auto& wanted) {
      return std::ranges::any_of(options.tags, [&](const auto& tag) { return tag == wanted; });
    });
  }
  bool streaming() const { return is_streaming(board().server, now, options.max_age); }
  bool state_matches() const {
    if (!query.replication_state) return true;
    if (*query.replication_state == "streaming") return streaming();
    return *query.replication_state == "in archive recovery" &&
           is_in_archive_recovery(board().server, now, options.max_age);
  }
  bool fits() const {
    return takes_reads(snapshot, options.tags) && lag_within(query.lag) && state_matches() && tags_match();
  }
  bool replica() const { return is_replica(&snapshot, now, options.max_age) && fits(); }
  /// Up, a standby, and only not wanted just now.
  bool drains() const {
    return query.drain && !replica() &&
           (is_draining(&snapshot, now, options.max_age) || is_replica(&snapshot, now, options.max_age));
  }
  bool stands(SyncState state) const { return replica() && sync_state(board(), now, options.max_age) == state; }
  bool ready() const { return streaming() && lag_within(query.lag_time ? query.lag : query.lag.value_or(ready_lag)); }
};

struct Plain {
  int status;
  std::string_view body;
};

Plain say(bool yes, std::string_view yes_body, const Case& c, std::string_view no_body) {
  if (yes) return {200, yes_body};
  if (c.drains()) return {404, draining};
  return {503, c.up() || c.snapshot.verdict.advert != Advert::down ? no_body : unreachable};
}

/// The primary, or a standby of the kind that is asked for. With the tags of the request, as Patroni has it.
Plain say_readable(const Case& c, bool standby) {
  if (c.primary() && c.tags_match()) {
    const auto bound = c.query.lag ? c.query.lag : c.options.replica_max_lag;
    if (!c.query.fallback || !another_standby_qualifies(c.board(), bound, c.now, c.options.max_age))
      return {200, primary_yes};
    return {503, fallback_no};
  }
  return say(standby, replica_yes, c, readable_no);
}

Plain answer(Route where, const Case& c) {
  switch (where) {
    case Route::primary: {
      if (c.primary()) return {200, primary_yes};
      return {503, c.up() ? primary_no : unreachable};
    }
    case Route::standby_leader: return {503, c.up() ? standby_leader_no : unreachable};
    case Route::replica: return say(c.replica(), replica_yes, c, replica_no);
    case Route::sync: return say(c.stands(SyncState::sync), replica_yes, c, replica_no);
    case Route::quorum: return say(c.stands(SyncState::quorum), replica_yes, c, replica_no);
    case Route::async: return say(c.stands(SyncState::async), replica_yes, c, replica_no);
    case Route::read_only: return say_readable(c, c.replica());
    case Route::read_only_sync: return say_readable(c, c.stands(SyncState::sync));
    case Route::read_only_quorum: return say_readable(c, c.stands(SyncState::quorum));
    case Route::readiness:
      if (c.primary()) return {200, primary_yes};
      return say(c.ready(), replica_yes, c, readable_no);
    case Route::health: return c.up() ? Plain{200, running_yes} : Plain{503, unreachable};
    default: break;
  }
  if (c.options.dialect == Dialect::patroni) return {503, not_found};
  return c.up() || c.snapshot.verdict.advert != Advert::down ? Plain{404, not_found} : Plain{503, unreachable};
}

Plain answer_from(Route where, std::string_view query, const Snapshot& snapshot, Instant now,
                  const FaceOptions& options) {
  Case c{snapshot, now, options, {}};
  if (!query.empty()) c.query = parse_health_query(query);
  // Patroni takes what it cannot read for no bound at all; who moves from it must not lose his replicas by a typing
  // error.
  if (c.query.lag_garbled && options.dialect != Dialect::patroni) return {400, garbled};
  return answer(where, c);
}

}  // namespace

HealthAnswer health(std::string_view path, std::string_view query, const Snapshot* snapshot, Instant now,
                    const FaceOptions& options) {
  HealthAnswer result;
  result.verdict = snapshot ? std::to_string(snapshot->generation) : "0";
  result.verdict.append(" ").append(snapshot ? word(snapshot->verdict.rule) : "none");
  if (options.dialect == Dialect::percona206 || options.dialect == Dialect::clustercontrol) {
    const FixedAnswer fixed = options.dialect == Dialect::percona206 ? percona206(snapshot, now, options)
                                                                     : clustercontrol(snapshot, now, options);
    result.status = fixed.status;
    result.body = fixed.body;
    return result;
  }
  const Route where = route(path);
  Plain plain{503, unreachable};
  if (where == Route::liveness) {
    plain = is_recent(snapshot, now, 2 * options.max_age) ? Plain{200, alive_yes} : Plain{503, alive_no};
  } else if (is_recent(snapshot, now, options.max_age)) {
    plain = answer_from(where, query, *snapshot, now, options);
  }
  result.status = plain.status;
  if (options.dialect != Dialect::patroni) {
    result.body = plain.body;
  } else {
    result.json = where != Route::liveness && where != Route::readiness;
  }
  return result;
}

}  // namespace picket
