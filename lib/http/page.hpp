#pragma once
// An HTTP answer, rendered once and sent many times: every head that a client may need is ready, so that answering is
// one system call without an allocation. Nothing here does I/O.

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace picket {

/// The methods that are served. OPTIONS is answered like HEAD because HAProxy's plain `option httpchk` asks with it.
enum class Method : uint8_t { get, head, options };

/// One header field: a name and a value without CR or LF.
using Header = std::pair<std::string, std::string>;

class Page {
 public:
  /// `status` is 100..599. Content-Length, Connection and `Cache-Control: no-store` are added. Throws
  /// std::invalid_argument for a status out of range and for a header or type that holds a control character.
  static Page make(int status, std::string_view content_type, std::string body,
                   const std::vector<Header>& headers = {});

  /// Bytes that are sent as they are, without a head: for ports that speak something else. Its status is 0.
  static Page raw(std::string bytes);

  int status() const { return status_; }
  const std::string& body() const { return body_; }

  /// The status line and the header fields, with the empty line that ends them.
  std::string_view head(Method method, bool keep_alive) const;
  /// What follows the head: the body for GET, nothing for HEAD and OPTIONS.
  std::string_view body_for(Method method) const;

 private:
  Page() = default;
  int status_ = 0;
  std::string body_;
  /// [bodyless OPTIONS?][keep alive?]: HEAD names the length of the body it leaves out, OPTIONS must name 0 (RFC 9110
  /// §8.6).
  std::array<std::array<std::string, 2>, 2> heads_;
};

/// The phrase for a status code (RFC 9110 §15); "Unknown" for one without.
std::string_view reason_phrase(int status);

}  // namespace picket
