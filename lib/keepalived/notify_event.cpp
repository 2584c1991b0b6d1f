#include "keepalived/notify_event.hpp"

#include <charconv>

namespace picket {
namespace {

/// Takes `prefix` off the front, if it is there.
bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string NotifyEvent::text() const {
  if (kind.empty()) return state;
  if (kind == "GROUP") return "group " + name + " " + state;
  return name + " " + state + " " + std::to_string(priority);
}

bool is_notify_state(std::string_view word) {
  for (const std::string_view state :
       {"MASTER", "BACKUP", "FAULT", "STOP", "DELETED", "MASTER_RX_LOWER_PRI", "MASTER_PRIORITY", "BACKUP_PRIORITY"})
    if (word == state) return true;
  return false;
}

std::optional<NotifyEvent> parse_notify_line(std::string_view line) {
  NotifyEvent event;
  if (skip(line, "INSTANCE \"")) {
    event.kind = "INSTANCE";
  } else if (skip(line, "GROUP \"")) {
    event.kind = "GROUP";
  } else {
    return std::nullopt;
  }
  const size_t quote = line.find('"');
  if (quote == std::string_view::npos || quote == 0) return std::nullopt;
  event.name = line.substr(0, quote);
  line.remove_prefix(quote + 1);
  if (!skip(line, " ")) return std::nullopt;
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  event.state = line.substr(0, space);
  if (!is_notify_state(event.state)) return std::nullopt;
  line.remove_prefix(space + 1);
  const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), event.priority);
  if (error != std::errc() || stop != line.data() + line.size()) return std::nullopt;
  return event;
}

}  // namespace picket
