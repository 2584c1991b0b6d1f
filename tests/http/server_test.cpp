#include "http/server.hpp"

#include <gmock/gmock.h>

#include "http/served.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::HasSubstr;
using testing::Not;

Server::Options options(Millis deadline = 3000ms, int max_connections = 512) {
  return {.address = "127.0.0.1", .port = 0, .deadline = deadline, .max_connections = max_connections};
}

/// Answers with what it was asked, so that the tests see what arrived.
const Page& echo(Method method, std::string_view path, std::string_view query) {
  static Page page = Page::make(200, "text/plain", "");
  const char* name = method == Method::get ? "GET" : method == Method::head ? "HEAD" : "OPTIONS";
  page = Page::make(200, "text/plain", std::string(name) + ' ' + std::string(path) + " [" + std::string(query) + "]\n");
  return page;
}

TEST(Server, AnswersGetWithABodyAndHeadAndOptionsWithout) {
  Served served(options(), echo);
  EXPECT_EQ(ask(served.port(), "GET /a?b=c HTTP/1.0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\nContent-Length: 13\r\n"
            "Connection: close\r\n\r\nGET /a [b=c]\n");
  const std::string head = ask(served.port(), "HEAD /a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(status_line(head), "HTTP/1.1 200 OK");
  EXPECT_EQ(body_of(head), "");
  const std::string options_answer = ask(served.port(), "OPTIONS / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(options_answer, HasSubstr("Content-Length: 0\r\n"));
  EXPECT_EQ(body_of(options_answer), "");
  EXPECT_EQ(served.stop().answered, 3u);
  EXPECT_EQ(served.left_over(), 0);
}

TEST(Server, KeepsAConnectionOpenForAsManyRequestsAsTheClientLikes) {
  Served served(options(), echo);
  Client client(served.port());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    const std::string answer = client.answer();
    ASSERT_THAT(answer, HasSubstr("Connection: keep-alive\r\n"));
    ASSERT_EQ(body_of(answer), "GET /" + std::to_string(i) + " []\n");
  }
  client.send("GET /last HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.rest(), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(served.stop().accepted, 1u);
}

TEST(Server, KeepsAnHttp10ConnectionOpenOnlyWhenAsked) {
  Served served(options(), echo);
  Client client(served.port());
  client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.answer(), HasSubstr("Connection: keep-alive\r\n"));
  client.send("GET /2 HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.rest(), HasSubstr("GET /2"));
  EXPECT_TRUE(client.closed());
}

TEST(Server, AnswersPipelinedRequestsInTheirOrder) {
  Served served(options(), echo);
  Client client(served.port());
  std::string all;
  for (int i = 0; i < 500; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\n\r\n";
  ASSERT_TRUE(
      client.send(all + "HEAD /no-body HTTP/1.1\r\n\r\nGET /end HTTP/1.0\r\n\r\nGET /ignored HTTP/1.1\r\n\r\n"));
  for (int i = 0; i < 500; ++i) ASSERT_EQ(body_of(client.answer()), "GET /" + std::to_string(i) + " []\n");
  EXPECT_NE(client.answer(true), "");
  EXPECT_EQ(body_of(client.answer()), "GET /end []\n");
  client.end_of_sending();
  EXPECT_EQ(client.rest(), "");
  EXPECT_FALSE(client.was_reset());
}

TEST(Server, PutsARequestTogetherFromSingleBytes) {
  Served served(options(), echo);
  Client client(served.port());
  for (char c : std::string_view("GET /slow?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) client.send({&c, 1});
  EXPECT_EQ(body_of(client.rest()), "GET /slow [q]\n");
}

TEST(Server, AnswersAClientThatHasEndedItsSide) {
  Served served(options(), echo);
  Client client(served.port());
  client.send("GET /half HTTP/1.1\r\n\r\n");
  client.end_of_sending();
  EXPECT_EQ(body_of(client.rest()), "GET /half []\n");
  EXPECT_TRUE(client.closed());
}

TEST(Server, RefusesMethodsThatItDoesNotServe) {
  Served served(options(), echo);
  const std::string post = ask(served.port(), "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(status_line(post), "HTTP/1.1 405 Method Not Allowed");
  EXPECT_THAT(post, HasSubstr("Allow: GET, HEAD, OPTIONS\r\n"));
  EXPECT_EQ(status_line(ask(served.port(), "BREW / HTTP/1.1\r\n\r\n")), "HTTP/1.1 501 Not Implemented");
  EXPECT_EQ(status_line(ask(served.port(), "nonsense\r\n\r\n")), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(served.stop().rejected, 3u);
}

TEST(Server, AnswersARequestWithABodyAndThenCloses) {
  Served served(options(), echo);
  const std::string body(20000, 'x');
  const std::string answer = ask(served.port(), "GET /b HTTP/1.1\r\nContent-Length: 20000\r\n\r\n" + body);
  EXPECT_EQ(body_of(answer), "GET /b []\n");
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

TEST(Server, SendsALargePageWholeToAClientThatReadsSlowly) {
  const Page large = Page::make(200, "text/plain", std::string(8 << 20, 'p') + "end");
  Served served(options(5000ms), [&](Method, std::string_view, std::string_view) -> const Page& { return large; });
  Client slow(served.port(), 4096);
  slow.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n");
  // Somebody else is served while the first answer is on its way.
  EXPECT_EQ(body_of(ask(served.port(), "HEAD / HTTP/1.0\r\n\r\n")), "");
  // Not EXPECT_EQ, which would print eight megabytes.
  EXPECT_TRUE(body_of(slow.answer()) == large.body());
  EXPECT_TRUE(body_of(slow.rest()) == large.body());
}

TEST(Server, MayBeDestroyedByItsOwnHandler) {
  Loop loop;
  std::unique_ptr<Server> server;
  const Page page = Page::make(200, "text/plain", "never sent\n");
  server = std::make_unique<Server>(loop, options(), [&](Method, std::string_view, std::string_view) -> const Page& {
    server.reset();
    return page;
  });
  Client client(server->port());
  client.send("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(loop.run_until([&] { return !server; }, 2000ms));
  EXPECT_EQ(client.rest(), "");
  EXPECT_TRUE(client.closed());
}

TEST(Server, HandsAnExceptionOfTheHandlerToTheLoop) {
  Loop loop;
  Server server(loop, options(), [](Method, std::string_view, std::string_view) -> const Page& {
    throw std::runtime_error("broken handler");
  });
  Client client(server.port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THROW(loop.run(), std::runtime_error);
}

}  // namespace
}  // namespace picket
