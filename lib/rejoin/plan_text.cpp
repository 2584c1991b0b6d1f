#include <array>
#include <cstdio>
#include <regex>

#include "core/words.hpp"
#include "rejoin/plan.hpp"

namespace picket {
namespace {

std::string losses(const RejoinPlan& plan, const LocalData& local) {
  if (!plan.bytes_lost || !plan.transactions_lost) return "not known: " + plan.lost_unknown;
  if (*plan.bytes_lost == 0) return "nothing";
  std::string text = (plan.at_least ? "at least " : "") + std::to_string(*plan.transactions_lost) +
                     (*plan.transactions_lost == 1 ? " committed transaction, " : " committed transactions, ") +
                     bytes_text(*plan.bytes_lost) + " of log";
  const WalTail& tail = *local.after_fork;
  if (!tail.first_commit.empty()) text += ", from " + tail.first_commit + " to " + tail.last_commit;
  if (plan.at_least) text += "; " + tail.cut_short;
  return text;
}

}  // namespace

std::string bytes_text(uint64_t bytes) {
  static constexpr std::array units{"bytes", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

// Where a quote or a backslash is at work nobody knows how often the text was quoted, and so where the password ends:
// the rest of the line goes with it. An '@' in the password of a URI should be %40, and need not be.
std::string without_passwords(std::string_view line) {
  static const auto flags = std::regex::ECMAScript | std::regex::icase;
  static const std::regex simple(R"((password\s*=\s*)[^\s'"\\&]+(?=[\s'"&]|$))", flags),
      quoted(R"((password\s*=\s*)(?!\*\*\*)[^\s&][^\r\n]*)", flags), uri(R"((://[^:/@\s]*:)[^\s/]*@)", flags);
  const std::string text = std::regex_replace(std::regex_replace(std::string(line), simple, "$1***"), uri, "$1***@");
  return std::regex_replace(text, quoted, "$1***");
}

std::string plan_text(const RejoinPlan& plan, const LocalData& local, const PrimaryData& primary) {
  std::string out;
  const auto line = [&](const std::string& label, const std::string& text) {
    out += "  " + label + std::string(label.size() < 11 ? 11 - label.size() : 1, ' ') + text + "\n";
  };
  out += "plan: " + std::string(word(plan.kind)) + "\n";
  if (!plan.reason.empty()) line("because", plan.reason);
  if (local.known)
    line("this node", "timeline " + std::to_string(local.timeline) + ", \"" + local.control_state + "\"" +
                          (local.checksums       ? ", checksums"
                           : local.wal_log_hints ? ", wal_log_hints"
                                                 : ""));
  if (primary.seen) {
    std::string text = primary.name + ", timeline " + std::to_string(primary.timeline);
    for (const auto& name : primary.followers)
      text += (&name == primary.followers.data() ? ", followed by " : ", ") + name;
    line("primary", text);
  }
  if (plan.kind != RejoinKind::none && plan.kind != RejoinKind::nothing_to_do) {
    if (plan.fork) line("fork", lsn_text(*plan.fork) + " on timeline " + std::to_string(local.timeline));
    line("lost", losses(plan, local));
  }
  int number = 0;
  for (const auto& step : plan.steps) line("step " + std::to_string(++number), step);
  for (const auto& obstacle : plan.obstacles) line("NOT NOW", obstacle);
  return out;
}

}  // namespace picket
