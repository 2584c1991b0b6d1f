#pragma once
// Bytes to request: the grammar of HTTP/1.0 and 1.1 request heads, by Boost.Beast's parser, and the few decisions that
// are ours. Pure; keeps nothing between calls.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/page.hpp"

namespace picket {

/// What the bytes at the front of a connection's input are.
struct Request {
  enum class Outcome : uint8_t {
    incomplete,  ///< a request may still come of it
    complete,
    bad,          ///< no HTTP request: 400
    too_large,    ///< head longer than allowed: 431
    not_allowed,  ///< a method that HTTP defines and we do not serve: 405
    unknown,      ///< any other method: 501
    tls,          ///< the client speaks TLS: nothing we say can help it
  };
  Outcome outcome = Outcome::incomplete;
  size_t consumed = 0;  ///< bytes of a complete head, empty lines in front of it included
  Method method = Method::get;
  std::string_view path;    ///< these two point into the bytes given
  std::string_view query;   ///< without the question mark
  bool keep_alive = false;  ///< the client may send another request
  bool has_body = false;    ///< a body follows, which nobody reads: the connection has to end after the answer
};

/// Looks at all bytes of the input so far. `seen` of them were incomplete at the last call (0 at first): they are not
/// searched again. A lone LF as line end and a missing Host are judged thus: the first is bad, the second is let pass,
/// because health checkers leave it out (HAProxy does, unless told).
Request parse_request(std::string_view input, size_t seen, size_t max_head);

}  // namespace picket
