#pragma once
// The health page's HTTP/1.x server: GET, HEAD and OPTIONS, answered from pages that are ready. One thread (the
// loop's), no waiting for anybody: every client gets an absolute deadline for each step, whatever it drips meanwhile,
// and the oldest one makes room when the house is full.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/page.hpp"
#include "loop/loop.hpp"

namespace picket {

class Server {
 public:
  struct Options {
    /// Numeric IPv4 or IPv6 address. Empty: all addresses of both families, or of IPv4 alone where there is no IPv6.
    std::string address;
    int port = 8008;  ///< 0: the kernel chooses, see port()
    /// From accept, or from the end of the previous answer, until the request is there in full; and again from the
    /// request until its answer is sent in full. A connection that misses it is closed.
    Millis deadline{5000};
    int max_connections = 512;  ///< one more: the one nearest to its deadline is closed for it
    size_t max_head = 8192;     ///< bytes of request line and header fields; more is answered 431
    /// Answers as soon as a client connects, whatever he sends or does not, and ends the connection: HAProxy's
    /// agent-check, and checkers that were shell scripts behind xinetd. The handler is asked for GET /.
    bool speak_first = false;
  };

  /// What was done since the start, for metrics.
  struct Counters {
    uint64_t accepted = 0;
    uint64_t answered = 0;   ///< by the handler
    uint64_t rejected = 0;   ///< malformed, too large, or a method or version that is not served
    uint64_t evicted = 0;    ///< closed to make room
    uint64_t timed_out = 0;  ///< closed at the deadline
  };

  /// Called once per well-formed request. `path` is as sent (no decoding), without the query, which is empty when
  /// absent; an absolute URI is cut down to its path. The page must live until the handler is called again or the loop
  /// turns. The handler may destroy the server; then nothing is sent.
  using Handler = std::function<const Page&(Method method, std::string_view path, std::string_view query)>;

  /// Listens at once. Throws std::runtime_error that names address and port and the reason when it cannot.
  Server(Loop& loop, Options options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// The port that it listens on.
  int port() const;
  /// How many clients are connected now.
  int connections() const;
  const Counters& counters() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace picket
