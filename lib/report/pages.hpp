#pragma once
// Health answers as ready-made HTTP pages: rendered when an answer is first asked for, kept while the verdict stands.
// This is the one place where lib/report meets lib/http.

#include <string_view>
#include <vector>

#include "http/page.hpp"
#include "report/health.hpp"

namespace picket {

class Pages {
 public:
  /// `max_age` as for health().
  explicit Pages(Millis max_age) : max_age_(max_age) {}

  /// The page for a path: health(), and /status as JSON (200 while there is a snapshot, however old). The reference
  /// holds until the next call. `snapshot` may be null.
  const Page& page(std::string_view path, const Snapshot* snapshot, Instant now);

 private:
  struct Kept {
    int status;
    const char* body;
    Page page;
  };
  Millis max_age_;
  std::string verdict_;     ///< the header that all kept pages carry
  std::vector<Kept> kept_;  ///< few: one per distinct answer
  Page status_ = Page::make(503, "text/plain", "");
};

}  // namespace picket
