#include "http/page.hpp"

#include <gmock/gmock.h>

namespace picket {
namespace {
using testing::HasSubstr;

TEST(Page, CarriesEveryHeadReady) {
  const Page page = Page::make(503, "text/plain", "no\n", {{"Picket-Verdict", "17 R1"}});
  EXPECT_EQ(page.head(Method::get, false),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n"
            "Picket-Verdict: 17 R1\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(page.head(Method::get, true), HasSubstr("Connection: keep-alive\r\n\r\n"));
}

TEST(Page, NamesTheLengthOfTheBodyForHeadAndNoneForOptions) {
  const Page page = Page::make(200, "text/plain", "OK - Primary\n");
  EXPECT_EQ(page.head(Method::head, false), page.head(Method::get, false));
  EXPECT_THAT(page.head(Method::options, false), HasSubstr("Content-Length: 0\r\n"));
  EXPECT_EQ(page.body_for(Method::get), "OK - Primary\n");
  EXPECT_EQ(page.body_for(Method::head), "");
  EXPECT_EQ(page.body_for(Method::options), "");
}

TEST(Page, RefusesWhatWouldBreakTheHead) {
  EXPECT_THROW(Page::make(99, "text/plain", ""), std::invalid_argument);
  EXPECT_THROW(Page::make(600, "text/plain", ""), std::invalid_argument);
  EXPECT_THROW(Page::make(200, "text/plain", "", {{"X", "a\r\nB: c"}}), std::invalid_argument);
  EXPECT_THROW(Page::make(200, "text\nplain", ""), std::invalid_argument);
}

TEST(Page, HasAPhraseForEveryStatusThatWeSend) {
  for (int status : {200, 206, 400, 404, 405, 412, 431, 500, 501, 502, 503})
    EXPECT_NE(reason_phrase(status), "Unknown");
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

}  // namespace
}  // namespace picket
