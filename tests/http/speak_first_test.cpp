// Ports that answer as soon as somebody connects: HAProxy's agent-check, and what stood behind xinetd.
#include <gmock/gmock.h>

#include "http/served.hpp"

namespace picket {
namespace {
using testing::HasSubstr;
using testing::StartsWith;

Server::Options speaking() {
  Server::Options options;
  options.address = "127.0.0.1";
  options.port = 0;
  options.speak_first = true;
  return options;
}

Server::Handler saying(const Page& page) {
  return [&page](Method, std::string_view, std::string_view) -> const Page& { return page; };
}

TEST(SpeaksFirst, ToAClientThatSendsNothing) {
  const Page line = Page::raw("up ready 100%\n");
  Served served(speaking(), saying(line));
  Client client(served.port());
  EXPECT_EQ(client.rest(), "up ready 100%\n");
  EXPECT_TRUE(client.closed());
}

TEST(SpeaksFirst, AndDoesNotCareWhatIsSent) {
  const Page page = Page::make(206, "text/plain", "Standby\r\n");
  Served served(speaking(), saying(page));
  for (const std::string& sent : {std::string("OPTIONS / HTTP/1.0\r\n\r\n"), std::string("POST /x HTTP/1.1\r\n"),
                                  std::string("hello\n"), std::string(3, '\x16')}) {
    const std::string answer = ask(served.port(), sent);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 206 Partial Content\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_EQ(body_of(answer), "Standby\r\n");
  }
  EXPECT_EQ(served.stop().answered, 4U);
}

TEST(SpeaksFirst, WithoutAResetThatCouldTakeTheAnswerAway) {
  const Page line = Page::raw("up ready 100%\n");
  Served served(speaking(), saying(line));
  for (int i = 0; i < 50; ++i) {
    Client client(served.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.rest(), "up ready 100%\n");
    EXPECT_FALSE(client.was_reset());
  }
}

TEST(SpeaksFirst, AndClosesOnAClientThatStays) {
  Server::Options options = speaking();
  options.deadline = Millis{100};
  const Page line = Page::raw("up ready 100%\n");
  Served served(options, saying(line));
  Client client(served.port());
  EXPECT_EQ(client.rest(), "up ready 100%\n");
  Client second(served.port());
  EXPECT_EQ(second.answer(), "");  // no head: nothing but to wait
  EXPECT_EQ(second.rest(), "up ready 100%\n");
  EXPECT_TRUE(second.closed());
}

}  // namespace
}  // namespace picket
