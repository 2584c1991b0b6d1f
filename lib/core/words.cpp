#include "core/words.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>

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

std::string lsn_text(Lsn lsn) {
  std::array<char, 32> text{};
  const int n = std::snprintf(text.data(), text.size(), "%" PRIX64 "/%" PRIX64, lsn >> 32, lsn & 0xFFFFFFFFu);
  return {text.data(), static_cast<size_t>(n)};
}

}  // namespace picket
