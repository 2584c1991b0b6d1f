#include "http/request.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>

namespace picket {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using beast::error_code;

/// Beast's grammar without its containers: keeps the request line, checks the fields and forgets them.
class HeadParser : public http::basic_parser<true> {
 public:
  http::verb verb = http::verb::unknown;
  std::string_view target;

 private:
  void on_request_impl(http::verb v, beast::string_view, beast::string_view t, int, error_code&) override {
    verb = v;
    target = {t.data(), t.size()};
  }
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_field_impl(http::field, beast::string_view, beast::string_view, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}
};

constexpr char tls_handshake = 0x16;  // first byte of a ClientHello record (RFC 8446 §5.1)

/// tchar of RFC 9110 §5.6.2, which every method begins with.
bool may_begin_method(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Offset behind the empty line that ends the head; 0 if it is not there yet; nothing when a line ends without CR.
std::optional<size_t> head_end(std::string_view bytes, size_t from) {
  for (size_t lf = bytes.find('\n', from); lf != std::string_view::npos; lf = bytes.find('\n', lf + 1)) {
    if (lf == 0 || bytes[lf - 1] != '\r') return std::nullopt;
    if (lf >= 3 && bytes[lf - 2] == '\n') return lf + 1;
  }
  return 0;
}

/// Path and query of a request target (RFC 9112 §3.2); false for a form that is none of them.
bool split_target(std::string_view target, Request& request) {
  if (const size_t scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    const size_t path = target.find_first_of("/?", scheme + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    if (target.starts_with('?')) {
      request.path = "/";
      request.query = target.substr(1);
      return true;
    }
  }
  if (!target.starts_with('/') && target != "*") return false;
  const size_t mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  return true;
}

Request::Outcome judge(http::verb verb, Method& method) {
  switch (verb) {
    case http::verb::get: method = Method::get; return Request::Outcome::complete;
    case http::verb::head: method = Method::head; return Request::Outcome::complete;
    case http::verb::options: method = Method::options; return Request::Outcome::complete;
    case http::verb::unknown: return Request::Outcome::unknown;
    default: return Request::Outcome::not_allowed;
  }
}

}  // namespace

Request parse_request(std::string_view input, size_t seen, size_t max_head) {
  Request request;
  // Empty lines before a request are let pass (RFC 9112 §2.2), but they count as part of the head.
  size_t skipped = 0;
  while (input.substr(skipped).starts_with("\r\n")) skipped += 2;
  const std::string_view bytes = input.substr(skipped);
  if (bytes.empty() || bytes == "\r") {
    if (input.size() >= max_head) request.outcome = Request::Outcome::too_large;
    return request;
  }
  if (bytes[0] == tls_handshake || !may_begin_method(bytes[0])) {
    request.outcome = bytes[0] == tls_handshake ? Request::Outcome::tls : Request::Outcome::bad;
    return request;
  }
  const auto end = head_end(bytes, seen > skipped ? seen - skipped : 0);
  const size_t head = end.value_or(1);
  if (!end) {
    request.outcome = Request::Outcome::bad;
  } else if (head == 0 ? input.size() >= max_head : skipped + head > max_head) {
    request.outcome = Request::Outcome::too_large;
  }
  if (head == 0 || request.outcome != Request::Outcome::incomplete) return request;

  HeadParser parser;
  parser.header_limit(static_cast<std::uint32_t>(head + 1));
  error_code error;
  parser.put(boost::asio::const_buffer(bytes.data(), head), error);
  if (error || !parser.is_header_done() || !split_target(parser.target, request)) {
    request.outcome = Request::Outcome::bad;
    return request;
  }
  request.outcome = judge(parser.verb, request.method);
  request.consumed = skipped + head;
  request.has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
  request.keep_alive = parser.keep_alive();
  return request;
}

}  // namespace picket
