#pragma once
// Log lines. Under systemd they go to the journal with their fields, and never wait for it; anywhere else to
// standard error.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace picket {

/// The syslog priorities in use (syslog(3)).
enum class Priority : uint8_t { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

/// Lines less urgent than this are dropped.
void set_log_limit(Priority limit);

/// The fields that a line adds to its journal entry.
using LogFields = std::vector<std::pair<std::string, std::string>>;

/// Who else hears every line, dropped or not; nobody when empty. It must not log.
void set_log_witness(std::function<void(Priority, std::string_view, const LogFields&)> witness);

/// One line. `fields` are added to the journal entry only: upper-case names without their own "PRIORITY" or "MESSAGE".
void log(Priority priority, std::string_view message, const LogFields& fields = {});

}  // namespace picket
