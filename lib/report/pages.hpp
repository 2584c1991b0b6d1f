#pragma once
// All answers as ready-made HTTP pages: rendered when an answer is first asked for and kept while what it was made of
// stands, a verdict for the health checks' texts and a round of the agent for JSON. This is the one place where
// lib/report meets lib/http.

#include <functional>
#include <string_view>
#include <vector>

#include "http/page.hpp"
#include "report/fixed_answers.hpp"
#include "report/health.hpp"
#include "report/metrics.hpp"

namespace picket {

class Pages {
 public:
  /// `http_use` tells what the server did, for /metrics; may be empty.
  explicit Pages(FaceOptions options, std::function<HttpUse()> http_use = {});

  /// The page for a path: health(), /status, /metrics, and Patroni's /patroni, /cluster, /history, /config, /failsafe.
  /// The reference holds until the next call. `snapshot` may be null.
  const Page& page(std::string_view path, std::string_view query, const Snapshot* snapshot, Instant now);

 private:
  struct Kept {
    int status;
    const char* body;
    Page page;
  };
  enum class Document : uint8_t { none, status, metrics, patroni, cluster, history, config, failsafe };
  static Document document(std::string_view path);
  const Page& render(Document document, const Snapshot* snapshot, Instant now, const std::string& verdict);
  void forget_outdated(const Snapshot* snapshot, const std::string& verdict);

  FaceOptions options_;
  std::function<HttpUse()> http_use_;
  std::string verdict_;             ///< the header that all kept pages carry
  uint64_t round_ = 0;              ///< of the agent, that the kept JSON is from
  std::vector<Kept> kept_, jsons_;  ///< few: one per distinct answer
  Page rendered_ = Page::make(503, "text/plain", "");
};

/// What a port says that answers everybody the same as soon as he connects.
class FixedPage {
 public:
  using Text = std::function<FixedAnswer(const Snapshot*, Instant)>;
  using Line = std::function<std::string(const Snapshot*, Instant)>;
  /// An HTTP answer around the text.
  static FixedPage http(Text text);
  /// The line alone.
  static FixedPage line(Line line);

  /// The reference holds until the next call.
  const Page& page(const Snapshot* snapshot, Instant now);

 private:
  FixedPage() = default;
  Text text_;
  Line line_;
  FixedAnswer last_;
  std::string last_line_;
  Page page_ = Page::raw("");
};

}  // namespace picket
