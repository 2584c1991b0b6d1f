#include "report/explain_text.hpp"

#include "core/words.hpp"

namespace picket {
namespace {

std::string_view text(Postmaster p) {
  switch (p) {
    case Postmaster::absent: return "not running";
    case Postmaster::starting: return "starting";
    case Postmaster::up: return "up";
    case Postmaster::hung: return "does not answer new connections";
    case Postmaster::orphans: return "dead, with living children";
    case Postmaster::stopping: return "stopping";
    case Postmaster::unknown: break;
  }
  return "unknown";
}

std::string_view text(Sight s) {
  switch (s) {
    case Sight::fresh: return "just read";
    case Sight::cached: return "read a moment ago from the same postmaster";
    case Sight::remembered: return "remembered of the same postmaster";
    case Sight::none: break;
  }
  return "cannot be read";
}

/// At level lease a majority answers as long as the lease is valid.
std::string_view text(Majority m, bool lease) {
  switch (m) {
    case Majority::fresh: return lease ? "valid" : "answers";
    case Majority::suspect: return lease ? "valid, and not renewed for a moment" : "has not answered for a moment";
    case Majority::lapsed: return "ended, since it was not renewed in time";
    case Majority::asking:
    case Majority::lost: break;
  }
  return lease ? "not held" : "does not answer";
}

std::string_view text(Rival r) {
  switch (r) {
    case Rival::none: return "none seen";
    case Rival::possible: return "cannot be excluded";
    case Rival::claimed: return "claims it, without a majority of followers";
    case Rival::proven: return "has a majority of followers (seen once)";
    case Rival::confirmed: break;
  }
  return "has a majority of followers (seen twice)";
}

std::string_view text(MarkerState m) {
  switch (m) {
    case MarkerState::none: return "none";
    case MarkerState::isolated: return "fenced, until a majority shows that nobody was promoted";
    case MarkerState::fenced: return "fenced";
    case MarkerState::unreadable: break;
  }
  return "cannot be read";
}

}  // namespace

std::string explain_text(const Snapshot& snapshot, const Signals& s, const Policy& policy) {
  std::string out;
  auto line = [&out](std::string_view name, std::string_view value) {
    out += "  ";
    out += name;
    out.append(name.size() < 22 ? 22 - name.size() : 1, ' ');
    out += value;
    out += '\n';
  };
  const Verdict& v = snapshot.verdict;
  out += std::string(word(v.rule)) + ": " + v.sentence + "\n\nthe table was asked:\n";
  line("PostgreSQL", text(s.postmaster));
  line("role", std::string(word(s.role)) + ", " + std::string(text(s.sight)));
  const bool lease = snapshot.board.lease.has_value();
  line(lease ? "lease" : "majority of the nodes", text(s.majority, lease));
  line("another primary", text(s.rival));
  line("followers here", s.own_support ? "a majority" : s.followed ? "some" : "none");
  line("fence marker", text(s.marker));
  line("data", s.foreign ? "of another cluster than the majority's" : "of this cluster");
  if (s.unreached) line("the other voters", "have not reached PostgreSQL here for too long");
  if (s.role == Role::standby) line("upstream", s.follows_primary ? "a known primary" : "no known primary");
  out += "\nso it says:\n";
  line("health page", word(v.advert));
  line("Keepalived", word(v.vrrp));
  line("PostgreSQL", word(v.action));
  if (policy.level == Level::observe) line("but", "level observe: nothing is done");
  for (const auto& alarm : v.alarms) out += "alarm: " + alarm + "\n";
  return out;
}

}  // namespace picket
