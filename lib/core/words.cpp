#include "core/words.hpp"

namespace picket {

std::string_view word(Role role) {
  switch (role) {
    case Role::primary: return "primary";
    case Role::standby: return "standby";
    case Role::unknown: break;
  }
  return "unknown";
}

std::string_view word(Answer answer) {
  switch (answer) {
    case Answer::none_yet: return "not asked yet";
    case Answer::ok: return "ok";
    case Answer::starting: return "starting up";
    case Answer::stopping: return "shutting down";
    case Answer::too_many_connections: return "too many connections";
    case Answer::authentication_failed: return "authentication failed";
    case Answer::refused: return "connection refused";
    case Answer::unreachable: return "unreachable";
    case Answer::timed_out: return "timed out";
    case Answer::closed: return "session closed";
    case Answer::garbage: return "not a PostgreSQL answer";
    case Answer::failed: break;
  }
  return "failed";
}

}  // namespace picket
