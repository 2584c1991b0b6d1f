#pragma once
// One client of the server: its socket, what it sent so far, what it has not taken yet. Reads, answers and writes
// without ever waiting; when to come back, and how long to bear the client, the server decides.

#include <array>
#include <string>
#include <string_view>

#include "http/request.hpp"
#include "http/server.hpp"
#include "loop/fd.hpp"

namespace picket {

/// What all connections of a server share.
struct HttpContext {
  Server::Handler handler;
  Server::Counters counters;
  size_t max_head = 0;
  bool speak_first = false;
  bool gone = false;                 ///< the server was destroyed by its own handler: touch nothing any more
  std::array<char, 4096> scratch{};  ///< where bytes are read to; small, so that no client gets a long turn
};

class Connection {
 public:
  /// What to do with the connection until it is called again.
  enum class Next : uint8_t { read, write, close };

  explicit Connection(Fd fd) : fd_(std::move(fd)) {}

  /// Does what can be done now: reads once, answers all requests that are complete, writes.
  Next advance(HttpContext& context);
  /// Whether a request or an answer was completed since the last call: the deadline begins anew.
  bool take_progress() { return std::exchange(progress_, false); }
  int fd() const { return fd_.get(); }

 private:
  enum class State : uint8_t { reading, writing, draining };
  Next receive(HttpContext& context);
  Next greet(HttpContext& context);
  Next serve(HttpContext& context, std::string_view input);
  Next answer(HttpContext& context, const Request& request);
  Next send(const Page& page, Method method);
  Next flush();
  Next finish();
  Next drain(HttpContext& context);

  Fd fd_;
  State state_ = State::reading;
  bool progress_ = false;
  bool keep_alive_ = false;  ///< of the answer being sent
  bool unread_ = false;      ///< the client may have sent more than is read
  size_t seen_ = 0;          ///< of input_, searched already
  size_t sent_ = 0;          ///< of output_
  size_t drained_ = 0;
  std::string input_;   ///< the beginning of a request
  std::string output_;  ///< the end of an answer that the socket did not take
};

}  // namespace picket
