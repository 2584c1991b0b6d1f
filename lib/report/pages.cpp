#include "report/pages.hpp"

#include "report/status_json.hpp"

namespace picket {

const Page& Pages::page(std::string_view path, const Snapshot* snapshot, Instant now) {
  HealthAnswer answer = health(path, snapshot, now, max_age_);
  if (snapshot && (path == "/status" || path == "/status/")) {
    status_ = Page::make(200, "application/json", status_json(*snapshot, now), {{"Picket-Verdict", answer.verdict}});
    return status_;
  }
  if (answer.verdict != verdict_) {
    kept_.clear();
    verdict_ = answer.verdict;
  }
  // The bodies are static, so the address tells them apart.
  for (const Kept& kept : kept_) {
    if (kept.status == answer.status && kept.body == answer.body.data()) return kept.page;
  }
  kept_.push_back({answer.status, answer.body.data(),
                   Page::make(answer.status, "text/plain", std::string(answer.body), {{"Picket-Verdict", verdict_}})});
  return kept_.back().page;
}

}  // namespace picket
