#include "report/pages.hpp"

#include <chrono>

#include "report/patroni_json.hpp"
#include "report/status_json.hpp"

namespace picket {
namespace {

/// Microseconds since 1970. Only for what is shown as a moment; nothing is decided by it.
int64_t wall_clock() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::microseconds>(system_clock::now().time_since_epoch()).count();
}

constexpr std::string_view json_type = "application/json";

}  // namespace

Pages::Pages(FaceOptions options, std::function<HttpUse()> http_use)
    : options_(std::move(options)), http_use_(std::move(http_use)) {}

Pages::Document Pages::document(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/status") return Document::status;
  if (path == "/metrics") return Document::metrics;
  if (path == "/patroni") return Document::patroni;
  if (path == "/cluster") return Document::cluster;
  if (path == "/history") return Document::history;
  if (path == "/config") return Document::config;
  if (path == "/failsafe") return Document::failsafe;
  return Document::none;
}

void Pages::forget_outdated(const Snapshot* snapshot, const std::string& verdict) {
  const uint64_t round = snapshot ? snapshot->round : 0;
  if (verdict != verdict_) kept_.clear();
  if (verdict != verdict_ || round != round_) jsons_.clear();
  verdict_ = verdict;
  round_ = round;
}

const Page& Pages::page(std::string_view path, std::string_view query, const Snapshot* snapshot, Instant now) {
  const HealthAnswer answer = health(path, query, snapshot, now, options_);
  const bool any_path = options_.dialect == Dialect::percona206 || options_.dialect == Dialect::clustercontrol;
  if (const Document what = any_path ? Document::none : document(path); what != Document::none)
    return render(what, snapshot, now, answer.verdict);
  forget_outdated(snapshot, answer.verdict);
  // The bodies are static, so the address tells them apart.
  std::vector<Kept>& pages = answer.json ? jsons_ : kept_;
  for (const Kept& kept : pages) {
    if (kept.status == answer.status && kept.body == answer.body.data()) return kept.page;
  }
  std::string body(answer.body);
  if (answer.json) body = patroni_json(snapshot, now, wall_clock(), options_);
  pages.push_back({answer.status, answer.body.data(),
                   Page::make(answer.status, answer.json ? json_type : "text/plain", std::move(body),
                              {{"Picket-Verdict", verdict_}})});
  return pages.back().page;
}

const Page& Pages::render(Document what, const Snapshot* snapshot, Instant now, const std::string& verdict) {
  int status = 200;
  std::string_view type = json_type;
  std::string body;
  switch (what) {
    case Document::status:
      if (snapshot) body = status_json(*snapshot, now);
      status = snapshot ? 200 : 503;
      break;
    case Document::metrics:
      body = metrics_text(snapshot, http_use_ ? http_use_() : HttpUse{}, now, wall_clock(), options_);
      type = metrics_type;
      break;
    case Document::patroni: body = patroni_json(snapshot, now, wall_clock(), options_); break;
    case Document::cluster: body = cluster_json(snapshot, now, options_); break;
    case Document::history: body = history_json(snapshot); break;
    // Patroni's own answers when it has neither.
    default:
      status = 502;
      type = "text/plain";
      body = what == Document::config ? "There is no dynamic configuration\n" : "Failsafe mode is disabled\n";
  }
  rendered_ = Page::make(status, type, std::move(body), {{"Picket-Verdict", verdict}});
  return rendered_;
}

FixedPage FixedPage::http(Text text) {
  FixedPage fixed;
  fixed.text_ = std::move(text);
  return fixed;
}

FixedPage FixedPage::line(Line line) {
  FixedPage fixed;
  fixed.line_ = std::move(line);
  return fixed;
}

const Page& FixedPage::page(const Snapshot* snapshot, Instant now) {
  if (line_) {
    std::string line = line_(snapshot, now);
    if (line != last_line_) page_ = Page::raw(line);
    last_line_ = std::move(line);
    return page_;
  }
  const FixedAnswer answer = text_(snapshot, now);
  if (answer.status != last_.status || answer.body != last_.body || page_.status() == 0)
    page_ = Page::make(answer.status, "text/plain", std::string(answer.body));
  last_ = answer;
  return page_;
}

}  // namespace picket
