#include "rejoin/timeline_history.hpp"

#include <algorithm>
#include <cstdio>

namespace picket {
namespace {

// "16/B374D848" and nothing else; sscanf alone would take what follows, and a sign.
bool read_switch(const std::string& line, TimelineSwitch& into) {
  unsigned timeline = 0, high = 0, low = 0;
  if (line.find('-') < line.find('/')) return false;
  if (std::sscanf(line.c_str(), "%10u %8X/%8X", &timeline, &high, &low) != 3 || timeline == 0) return false;
  into = {timeline, Lsn{high} << 32 | low};
  return true;
}

}  // namespace

TimelineHistory parse_timeline_history(std::string_view text, uint32_t timeline) {
  TimelineHistory history;
  uint32_t last = 0;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    TimelineSwitch found;
    std::string why;
    if (!read_switch(line.substr(begin), found)) {
      why = "is no \"TIMELINE LSN REASON\"";
    } else if (found.timeline <= last) {
      why = "names timeline " + std::to_string(found.timeline) + " after " + std::to_string(last);
    } else if (found.timeline >= timeline) {
      why = "names timeline " + std::to_string(found.timeline) + " in the past of " + std::to_string(timeline);
    }
    if (!why.empty()) return {{}, history_file_name(timeline) + ":" + std::to_string(number) + ": " + why};
    last = found.timeline;
    history.switches.push_back(found);
  }
  if (history.switches.empty() && timeline > 1) history.error = history_file_name(timeline) + ": is empty";
  return history;
}

std::optional<Lsn> left_at(const TimelineHistory& history, uint32_t timeline) {
  const auto found = std::ranges::find(history.switches, timeline, &TimelineSwitch::timeline);
  if (found == history.switches.end()) return {};
  return found->end;
}

bool begins_with(const TimelineHistory& newer, const TimelineHistory& older) {
  return older.switches.size() <= newer.switches.size() &&
         std::equal(older.switches.begin(), older.switches.end(), newer.switches.begin());
}

std::string history_file_name(uint32_t timeline) {
  char name[24];
  std::snprintf(name, sizeof name, "%08X.history", timeline);
  return name;
}

}  // namespace picket
