#include "journal.hpp"

#include <algorithm>

#include "log.hpp"
#include "report/words.hpp"

namespace picket {
namespace {

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

}  // namespace

void Journal::verdict(const Snapshot& snapshot) {
  const Verdict& v = snapshot.verdict;
  const std::string rule{word(v.rule)};
  const bool urgent = stops(v.action) || v.rule == Rule::R3c || v.rule == Rule::R2h;
  std::string text = rule + " " + v.sentence;
  if (!acts_ && v.action != Action::none) text += " (level observe: nothing is done)";
  log(urgent ? Priority::warning : Priority::notice, text,
      {{"MESSAGE_ID", "6f2c1d5e8a9b4c3f9d7e0a1b2c3d4e5f"},
       {"PICKET_GENERATION", std::to_string(snapshot.generation)},
       {"PICKET_RULE", rule},
       {"PICKET_SENTENCE", v.sentence},
       {"PICKET_ROLE", std::string(word(v.role))},
       {"PICKET_ADVERT", std::string(word(v.advert))},
       {"PICKET_VRRP", std::string(word(v.vrrp))},
       {"PICKET_ACTION", std::string(word(v.action))},
       {"PICKET_ALARMS", join(v.alarms)}});
  notify_.status(text);
}

void Journal::alarms(const Snapshot& snapshot, const std::vector<std::string>& before, bool two_primaries) {
  // The positions move on: they are told once, and are no part of the verdict.
  const auto where = [&](const std::string& alarm) {
    const bool two = two_primaries && alarm.find("primar") != alarm.npos;
    return two ? " (" + primaries_text(snapshot.board) + ")" : "";
  };
  for (const auto& alarm : snapshot.verdict.alarms)
    if (std::ranges::find(before, alarm) == before.end()) log(Priority::warning, "alarm: " + alarm + where(alarm));
}

void Journal::problems(const std::vector<std::string>& problems) {
  for (const auto& problem : problems)
    if (std::ranges::find(told_, problem) == told_.end()) log(Priority::warning, problem);
  told_ = problems;
}

}  // namespace picket
