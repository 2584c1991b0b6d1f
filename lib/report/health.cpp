#include "report/health.hpp"

namespace picket {
namespace {

// The bytes of pgchk.py (docs/contracts.md §2.4).
constexpr std::string_view primary_yes = "OK - Primary\n";
constexpr std::string_view primary_no = "Service Unavailable - Not Primary\n";
constexpr std::string_view replica_yes = "OK - Replica\n";
constexpr std::string_view replica_no = "Service Unavailable - Not Replica\n";
constexpr std::string_view unreachable = "PostgreSQL Unreachable\n";
constexpr std::string_view not_found = "Not Found\n";
// Ours, in the same style.
constexpr std::string_view readable_no = "Service Unavailable - Neither Primary Nor Replica\n";
constexpr std::string_view running_yes = "OK - Running\n";
constexpr std::string_view alive_yes = "OK - Deciding\n";
constexpr std::string_view alive_no = "Service Unavailable - Not Deciding\n";

enum class Route : uint8_t { primary, replica, read_only, health, liveness, none };

Route route(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/" || path == "/primary" || path == "/master" || path == "/read-write") return Route::primary;
  if (path == "/replica") return Route::replica;
  // Ready to serve is the same as readable for us: the advert has judged lag and timeline already.
  if (path == "/read-only" || path == "/readiness") return Route::read_only;
  if (path == "/health") return Route::health;
  if (path == "/liveness") return Route::liveness;
  return Route::none;
}

struct Plain {
  int status;
  std::string_view body;
};

Plain answer(Route route, const Snapshot& snapshot, Instant now, Millis max_age) {
  const Advert advert = snapshot.verdict.advert;
  const bool up = postgresql_up(snapshot.board, now, max_age);
  switch (route) {
    case Route::primary:
      if (advert == Advert::primary) return {200, primary_yes};
      return {503, up ? primary_no : unreachable};
    case Route::replica:
      if (advert == Advert::replica) return {200, replica_yes};
      return {503, up || advert == Advert::primary ? replica_no : unreachable};
    case Route::read_only:
      if (advert == Advert::primary) return {200, primary_yes};
      if (advert == Advert::replica) return {200, replica_yes};
      return {503, up ? readable_no : unreachable};
    case Route::health: return up ? Plain{200, running_yes} : Plain{503, unreachable};
    default: return up || advert != Advert::down ? Plain{404, not_found} : Plain{503, unreachable};
  }
}

}  // namespace

bool postgresql_up(const Board& board, Instant now, Millis max_age) {
  return board.server.facts && board.server.facts->role != Role::unknown && board.server.session.answer == Answer::ok &&
         now - board.server.facts_asked <= max_age && board.postmaster.process != PostmasterFacts::Process::absent;
}

HealthAnswer health(std::string_view path, const Snapshot* snapshot, Instant now, Millis max_age) {
  HealthAnswer result;
  result.verdict = snapshot ? std::to_string(snapshot->generation) : "0";
  result.verdict.append(" ").append(snapshot ? word(snapshot->verdict.rule) : "none");
  const Route where = route(path);
  const Millis age = snapshot ? now - snapshot->decided : Millis::max();
  Plain plain{503, unreachable};
  if (where == Route::liveness) {
    plain = age <= 2 * max_age ? Plain{200, alive_yes} : Plain{503, alive_no};
  } else if (age <= max_age) {
    plain = answer(where, *snapshot, now, max_age);
  }
  result.status = plain.status;
  result.body = plain.body;
  return result;
}

}  // namespace picket
