#include "http/request.hpp"

#include <gmock/gmock.h>

#include <random>
#include <string>

namespace picket {
namespace {

using Outcome = Request::Outcome;

Request parse(std::string_view bytes) { return parse_request(bytes, 0, 8192); }

TEST(RequestLine, GivesMethodPathAndQuery) {
  struct Row {
    std::string_view line;
    Method method;
    std::string_view path, query;
  };
  for (const Row& row : {
           Row{"GET / HTTP/1.0", Method::get, "/", ""},
           Row{"HEAD /primary HTTP/1.1", Method::head, "/primary", ""},
           Row{"OPTIONS / HTTP/1.0", Method::options, "/", ""},
           Row{"OPTIONS * HTTP/1.1", Method::options, "*", ""},
           Row{"GET /replica?lag=1MB HTTP/1.1", Method::get, "/replica", "lag=1MB"},
           Row{"GET /replica?a=1?b=2 HTTP/1.1", Method::get, "/replica", "a=1?b=2"},
           Row{"GET /replica/? HTTP/1.1", Method::get, "/replica/", ""},
           Row{"GET http://pg1:8008/primary?x HTTP/1.1", Method::get, "/primary", "x"},
           Row{"GET http://pg1:8008 HTTP/1.1", Method::get, "/", ""},
           Row{"GET http://pg1?lag=1 HTTP/1.1", Method::get, "/", "lag=1"},
           Row{"GET /see?u=http://a/b HTTP/1.1", Method::get, "/see", "u=http://a/b"},
       }) {
    const std::string bytes = std::string(row.line) + "\r\n\r\n";
    const Request request = parse(bytes);
    ASSERT_EQ(request.outcome, Outcome::complete) << row.line;
    EXPECT_EQ(request.method, row.method) << row.line;
    EXPECT_EQ(request.path, row.path) << row.line;
    EXPECT_EQ(request.query, row.query) << row.line;
    EXPECT_EQ(request.consumed, bytes.size());
  }
}

TEST(RequestLine, IsBadWhenItIsNoRequest) {
  for (std::string_view bytes :
       {"GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / HTTP/0.9\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n", "GET relative HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\n\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n", "\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", " GET / HTTP/1.1\r\n\r\n", "\x01\x02",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}) {
    EXPECT_EQ(parse(bytes).outcome, Outcome::bad) << bytes;
  }
}

TEST(RequestLine, TellsAMethodThatWeDoNotServeFromOneThatNobodyKnows) {
  for (std::string_view m : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
    EXPECT_EQ(parse(std::string(m) + " / HTTP/1.1\r\n\r\n").outcome, Outcome::not_allowed) << m;
  }
  EXPECT_EQ(parse("CONNECT pg1:8008 HTTP/1.1\r\n\r\n").outcome, Outcome::bad);
  for (std::string_view m : {"BREW", "get", "GETT"}) {
    EXPECT_EQ(parse(std::string(m) + " / HTTP/1.1\r\n\r\n").outcome, Outcome::unknown) << m;
  }
}

TEST(Connection, StaysOpenAsTheVersionAndTheHeaderSay) {
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST(RequestBody, IsNoticed) {
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").has_body);
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").has_body);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").has_body);
}

TEST(RequestHead, MayComeInPiecesOfAnySize) {
  const std::string bytes = "\r\nGET /replica?lag=1 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nGET";
  for (size_t step : {1u, 2u, 3u, 7u}) {
    size_t seen = 0;
    Request request;
    for (size_t have = step; have < bytes.size(); have += step) {
      request = parse_request(std::string_view(bytes).substr(0, have), seen, 8192);
      if (request.outcome != Outcome::incomplete) break;
      seen = have;
    }
    ASSERT_EQ(request.outcome, Outcome::complete) << step;
    EXPECT_EQ(request.path, "/replica");
    EXPECT_EQ(request.consumed, bytes.size() - 3);
  }
}

TEST(RequestHead, IsTooLargeAboveTheLimitAndOnlyThere) {
  const std::string head = "GET / HTTP/1.1\r\nX: " + std::string(100, 'a') + "\r\n\r\n";
  EXPECT_EQ(parse_request(head, 0, head.size()).outcome, Outcome::complete);
  EXPECT_EQ(parse_request(head, 0, head.size() - 1).outcome, Outcome::too_large);
  EXPECT_EQ(parse_request(head.substr(0, 50), 0, 50).outcome, Outcome::too_large);
  EXPECT_EQ(parse_request(std::string(64, '\r') + '\n', 0, 64).outcome, Outcome::bad);
  std::string empty_lines;
  for (int i = 0; i < 32; ++i) empty_lines += "\r\n";
  EXPECT_EQ(parse_request(empty_lines, 0, 64).outcome, Outcome::too_large);
}

TEST(TlsHello, IsRecognised) {
  EXPECT_EQ(parse(std::string_view("\x16\x03\x01\x02\x00\x01", 6)).outcome, Outcome::tls);
}

TEST(RequestBytes, OfAnyKindAreJudgedWithoutHarm) {
  std::mt19937 random(20261121);
  const std::string good =
      "GET http://h/replica?lag=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = good.substr(0, random() % (good.size() + 1));
    for (unsigned flips = random() % 4; flips > 0 && !bytes.empty(); --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    }
    const Request request = parse(bytes);
    ASSERT_LE(request.consumed, bytes.size());
    if (request.outcome == Outcome::complete) {
      ASSERT_GT(request.consumed, 0u);
    }
  }
}

}  // namespace
}  // namespace picket
