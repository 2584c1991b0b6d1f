#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "flight/history.hpp"
#include "report/words.hpp"
#include "version.hpp"

namespace picket {
namespace {

using Json = nlohmann::ordered_json;
using Kind = FlightRecord::Kind;

std::string time_text(int64_t wall_ms, const char* form, bool utc) {
  const auto seconds = static_cast<time_t>(wall_ms / 1000);
  tm parts{};
  if (!(utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts))) return "at no time";
  char text[64];
  std::string out(text, strftime(text, sizeof text, form, &parts));
  const auto dot = out.find('#');  // where the milliseconds go
  return dot == std::string::npos ? out : out.replace(dot, 1, std::to_string(1000 + wall_ms % 1000).substr(1));
}

std::string clock(int64_t wall_ms) { return time_text(wall_ms, "%H:%M:%S.#", false); }
std::string day(int64_t wall_ms) { return time_text(wall_ms, "%A %Y-%m-%d (%z)", false); }

/// What the agent did with it, in one line.
std::string orders(const Verdict& v, Level level) {
  std::string text = "health page " + std::string(word(v.advert)) + ", Keepalived " + std::string(word(v.vrrp)) +
                     ", PostgreSQL " + std::string(word(v.action));
  if (v.reason != FenceReason::none) text += " (" + std::string(word(v.reason)) + ")";
  if (v.remove_address) text += ", the address is removed";
  if (v.clear_marker) text += ", the marker is cleared";
  if (level == Level::observe) text += "; level observe: nothing is done";
  return text;
}

std::string in_words(const Verdict& v) {
  std::string text = std::string(word(v.rule)) + " " + v.sentence + " [" + orders(v, Level::guard) + "]";
  for (const auto& alarm : v.alarms) text += "; alarm: " + alarm;
  return text;
}

class Printer {
 public:
  explicit Printer(HistoryText& out) : out_(out) {}

  void entry(const HistoryEntry& entry) {
    if (!entry.record) {
      out_.agrees = false;
      return line("  !! " + entry.error);
    }
    const FlightRecord& r = *entry.record;
    if (const std::string today = day(r.wall_ms); today != day_) line(day_ = today);
    if (r.dropped > 0)
      line("              (" + std::to_string(r.dropped) + " entries before this one were not written)");
    if (r.kind == Kind::note) return line(clock(r.wall_ms) + "  -- " + r.note);
    std::string head = clock(r.wall_ms) + "  ";
    if (r.kind == Kind::verdict) {
      line(head + std::string(word(r.verdict.rule)) + " " + r.verdict.sentence);
      line("              " + orders(r.verdict, r.policy.level));
      for (const auto& alarm : r.verdict.alarms) line("              alarm: " + alarm);
      head = "      facts:  ";
    }
    facts(entry, head);
    replayed(entry);
  }

 private:
  void facts(const HistoryEntry& entry, std::string head) {
    if (entry.first) return line(head + "the first entry of this agent");
    for (const auto& change : entry.changes) {
      line(head + change);
      head = "              ";
    }
  }
  void replayed(const HistoryEntry& entry) {
    const FlightRecord& r = *entry.record;
    const std::string by = "picket " + r.version;
    if (!entry.again->agrees) {
      out_.agrees = false;
      line("  !!          recorded by " + by + ":     " + in_words(r.verdict));
      line("  !!          this version (" + std::string(version) + ") decides: " + in_words(entry.again->verdict));
    } else if (r.kind == Kind::verdict) {
      line("              decided again: the same" + (r.version == version ? "" : ", as by " + by));
    }
    for (const auto& field : entry.unlike) line("  !!          written by " + by + ": " + field);
  }
  void line(const std::string& text) {
    for (char c : text) out_.text += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;  // no escape codes
    out_.text += '\n';
  }
  HistoryText& out_;
  std::string day_;
};

std::string json_line(const HistoryEntry& entry) {
  Json json{{"sequence", entry.sequence}};
  if (!entry.record) {
    json["error"] = entry.error;
  } else {
    json["time"] = time_text(entry.record->wall_ms, "%Y-%m-%dT%H:%M:%S.#Z", true);
    json["changes"] = entry.changes;
    json["unlike"] = entry.unlike;
    if (entry.again) {
      json["replay"] = {{"agrees", entry.again->agrees},
                        {"version", version},
                        {"rule", word(entry.again->verdict.rule)},
                        {"sentence", entry.again->verdict.sentence}};
    }
    json["record"] = Json::parse(to_json(*entry.record));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_verdict(const HistoryEntry& e) { return e.record && e.record->kind == Kind::verdict; }

/// The first entry to show. What led to a verdict is shown with it.
size_t begin_of(const std::vector<HistoryEntry>& entries, const HistoryOptions& options) {
  size_t begin = 0;
  while (begin < entries.size() && entries[begin].record && entries[begin].record->wall_ms < options.since_ms) ++begin;
  size_t left = options.last;
  if (left == 0) return begin;
  size_t first = entries.size();
  while (first > begin && (left > 0 || !is_verdict(entries[first - 1]))) {
    if (is_verdict(entries[first - 1])) --left;
    --first;
  }
  return first;
}

}  // namespace

HistoryText history_text(const History& history, const HistoryOptions& options, const std::string& name) {
  HistoryText out;
  const auto& entries = history.entries;
  const size_t begin = begin_of(entries, options);
  Printer printer(out);
  for (size_t i = begin; i < entries.size(); ++i) {
    if (options.as_json)
      out.text += json_line(entries[i]);
    else
      printer.entry(entries[i]);
    if (!entries[i].record || (entries[i].again && !entries[i].again->agrees)) out.agrees = false;
  }
  if (options.as_json) return out;
  const auto shown =
      static_cast<size_t>(std::count_if(entries.begin() + static_cast<int64_t>(begin), entries.end(), is_verdict));
  const auto all = static_cast<size_t>(std::ranges::count_if(entries, is_verdict));
  out.text += "\n" + name + ": " + std::to_string(shown) + " of " + std::to_string(all) + " verdicts shown";
  out.text += out.agrees ? "; decided again, all are the same\n" : "; see the lines with !!\n";
  if (shown < all && options.since_ms == 0) out.text += "the older ones: --last 0\n";
  if (shown == 0 && !entries.empty() && entries.back().record)
    out.text += "the latest entry is of " + time_text(entries.back().record->wall_ms, "%F %T %z", false) + "\n";
  if (history.damaged > 0) out.text += std::to_string(history.damaged) + " entries are damaged and left out\n";
  return out;
}

}  // namespace picket
