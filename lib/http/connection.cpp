#include "http/connection.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

namespace picket {
namespace {

/// A client that is being refused may still send this much, so that it gets to read the answer (RFC 9112 §9.6).
constexpr size_t drain_limit = 65536;

const Page& rejection(Request::Outcome outcome) {
  static const Page bad = Page::make(400, "text/plain", "Bad Request\n");
  static const Page large = Page::make(431, "text/plain", "Request Header Fields Too Large\n");
  static const Page method = Page::make(405, "text/plain", "Method Not Allowed\n", {{"Allow", "GET, HEAD, OPTIONS"}});
  static const Page unknown = Page::make(501, "text/plain", "Not Implemented\n", {{"Allow", "GET, HEAD, OPTIONS"}});
  switch (outcome) {
    case Request::Outcome::too_large: return large;
    case Request::Outcome::not_allowed: return method;
    case Request::Outcome::unknown: return unknown;
    default: return bad;
  }
}

bool try_later(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Connection::Next Connection::advance(HttpContext& context) {
  switch (state_) {
    case State::reading: return context.speak_first ? greet(context) : receive(context);
    case State::draining: return drain(context);
    case State::writing: break;
  }
  const Next next = flush();
  if (next != Next::read || state_ == State::draining) return next;
  // The answer is out; requests that came with the one it was for are waiting.
  return serve(context, std::exchange(input_, {}));
}

Connection::Next Connection::receive(HttpContext& context) {
  const ssize_t n = recv(fd_.get(), context.scratch.data(), context.scratch.size(), 0);
  if (n < 0) return try_later(errno) ? Next::read : Next::close;
  if (n == 0) return Next::close;
  const std::string_view bytes(context.scratch.data(), static_cast<size_t>(n));
  if (input_.empty()) return serve(context, bytes);
  input_.append(bytes);
  return serve(context, std::exchange(input_, {}));
}

Connection::Next Connection::greet(HttpContext& context) {
  unread_ = true;  // what he asks may still be on its way
  return answer(context, {.outcome = Request::Outcome::complete, .path = "/", .query = {}});
}

/// Answers the requests at the front of `input` one by one and keeps the rest of it.
Connection::Next Connection::serve(HttpContext& context, std::string_view input) {
  while (!input.empty()) {
    const Request request = parse_request(input, std::exchange(seen_, 0), context.max_head);
    if (request.outcome == Request::Outcome::incomplete) {
      seen_ = input.size();
      break;
    }
    input.remove_prefix(request.consumed);
    unread_ = request.has_body || request.outcome != Request::Outcome::complete || !input.empty();
    const Next next = answer(context, request);
    if (next == Next::write) break;
    if (next == Next::close || state_ != State::reading) return next;
  }
  input_ = input;
  return state_ == State::writing ? Next::write : Next::read;
}

Connection::Next Connection::answer(HttpContext& context, const Request& request) {
  progress_ = true;
  if (request.outcome == Request::Outcome::complete) {
    const Page& page = context.handler(request.method, request.path, request.query);
    if (context.gone) return Next::close;
    ++context.counters.answered;
    keep_alive_ = request.keep_alive && !request.has_body;
    return send(page, request.method);
  }
  ++context.counters.rejected;
  if (request.outcome == Request::Outcome::tls) return Next::close;
  keep_alive_ = false;
  return send(rejection(request.outcome), Method::get);
}

Connection::Next Connection::send(const Page& page, Method method) {
  const std::string_view head = page.head(method, keep_alive_);
  const std::string_view body = page.body_for(method);
  // iovec's pointer is not const, sendmsg(2) only reads.
  std::array<iovec, 2> parts{iovec{const_cast<char*>(head.data()), head.size()},
                             iovec{const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = body.empty() ? 1 : 2;
  ssize_t n = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
  if (n < 0 && !try_later(errno)) return Next::close;
  const size_t sent = n < 0 ? 0 : static_cast<size_t>(n);
  if (sent == head.size() + body.size()) return finish();
  output_ = head.substr(std::min(sent, head.size()));
  output_ += body.substr(sent > head.size() ? sent - head.size() : 0);
  state_ = State::writing;
  return Next::write;
}

Connection::Next Connection::flush() {
  const ssize_t n = ::send(fd_.get(), output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
  if (n < 0) return try_later(errno) ? Next::write : Next::close;
  sent_ += static_cast<size_t>(n);
  if (sent_ < output_.size()) return Next::write;
  sent_ = 0;
  output_ = {};
  progress_ = true;
  return finish();
}

/// The answer is with the kernel.
Connection::Next Connection::finish() {
  state_ = State::reading;
  if (keep_alive_) return Next::read;
  // Closing with unread bytes would send a reset, which can take the answer away from the client again.
  if (!unread_) return Next::close;
  if (shutdown(fd_.get(), SHUT_WR) < 0) return Next::close;
  state_ = State::draining;
  return Next::read;
}

Connection::Next Connection::drain(HttpContext& context) {
  const ssize_t n = recv(fd_.get(), context.scratch.data(), context.scratch.size(), 0);
  if (n < 0) return try_later(errno) ? Next::read : Next::close;
  drained_ += static_cast<size_t>(n);
  return n == 0 || drained_ > drain_limit ? Next::close : Next::read;
}

}  // namespace picket
