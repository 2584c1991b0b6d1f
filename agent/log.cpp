#include "log.hpp"

#include <sys/uio.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <cstdio>
#include <cstdlib>

namespace picket {
namespace {

Priority limit_ = Priority::info;

bool under_systemd() {
  static const bool answer = getenv("JOURNAL_STREAM") != nullptr;
  return answer;
}

}  // namespace

void set_log_limit(Priority limit) { limit_ = limit; }

void log(Priority priority, std::string_view message, const std::vector<std::pair<std::string, std::string>>& fields) {
  if (priority > limit_) return;
  if (!under_systemd()) {
    fprintf(stderr, "picketd: %.*s\n", static_cast<int>(message.size()), message.data());
    return;
  }
  std::vector<std::string> lines{"MESSAGE=" + std::string(message),
                                 "PRIORITY=" + std::to_string(static_cast<int>(priority)), "SYSLOG_IDENTIFIER=picketd"};
  for (const auto& [name, value] : fields) lines.push_back(name + "=" + value);
  std::vector<iovec> parts;
  for (auto& line : lines) parts.push_back({line.data(), line.size()});
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace picket
