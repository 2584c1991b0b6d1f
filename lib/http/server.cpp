#include "http/server.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <optional>
#include <system_error>

#include "http/connection.hpp"
#include "http/listener.hpp"
#include "loop/sources.hpp"

namespace picket {
namespace {

/// So much is done in one turn of the loop; more waits for the next, so that the agent's own work gets its turn too.
constexpr int events_per_turn = 64;
constexpr int accepts_per_turn = 64;
/// How long no connection is accepted when the system has no descriptor or memory for one.
constexpr Millis accept_pause{100};

}  // namespace

/// The clients have an epoll set of their own, which is one source of the loop: sd-event dispatches one source a turn,
/// which would cost several system calls per request.
class Server::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Loop& loop, Options options, Handler handler);
  void leave() { context_.gone = true; }

  int port() const { return listener_.port; }
  int connections() const { return static_cast<int>(clients_.size()); }
  const Counters& counters() const { return context_.counters; }

 private:
  struct Client;
  using Clients = std::list<Client>;
  struct Client {
    Client(Fd fd, Instant end) : connection(std::move(fd)), deadline(end) {}
    Connection connection;
    Instant deadline;
    uint32_t events = 0;  ///< in the epoll set; 0: not there yet
    Clients::iterator self;
  };

  void turn();
  void accept_some();
  std::optional<Fd> accept_one();
  void watch_listener(bool on);
  void advance(Client& client);
  void evict_oldest();
  void expire();

  Options options_;
  HttpContext context_;
  Listener listener_;
  Fd epoll_;
  Clients clients_;  ///< in the order of their deadlines, because all get the same time
  Timer deadline_;
  Timer resume_;
  Io io_;
};

Server::Impl::Impl(Loop& loop, Options options, Handler handler)
    : options_(std::move(options)),
      listener_(open_listener(options_.address, options_.port)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      deadline_(loop, [this] { expire(); }),
      resume_(loop, [this] { watch_listener(true); }),
      io_(loop, epoll_.get(), EPOLLIN, [this](uint32_t) { turn(); }) {
  context_.handler = std::move(handler);
  context_.max_head = options_.max_head;
  context_.speak_first = options_.speak_first;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // the listener
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listener_.fd.get(), &event) < 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

void Server::Impl::turn() {
  const auto keep = shared_from_this();  // the handler may destroy the server
  std::array<epoll_event, events_per_turn> events;
  const int n = epoll_wait(epoll_.get(), events.data(), events_per_turn, 0);
  bool arrivals = false;
  for (int i = 0; i < n && !context_.gone; ++i) {
    if (auto* client = static_cast<Client*>(events[static_cast<size_t>(i)].data.ptr)) {
      advance(*client);
    } else {
      arrivals = true;
    }
  }
  // Last: making room may close a client that has an event in this batch.
  if (arrivals && !context_.gone) accept_some();
}

void Server::Impl::accept_some() {
  for (int i = 0; i < accepts_per_turn && !context_.gone; ++i) {
    std::optional<Fd> fd = accept_one();
    if (!fd) return;
    if (!*fd) continue;
    ++context_.counters.accepted;
    if (connections() >= std::max(options_.max_connections, 1)) evict_oldest();
    clients_.emplace_back(std::move(*fd), boot_now() + options_.deadline);
    clients_.back().self = std::prev(clients_.end());
    if (!deadline_.armed()) deadline_.start(options_.deadline);
    // Its request is often there already.
    advance(clients_.back());
  }
}

/// Nothing: no more for now. An empty descriptor: that one failed, try the next.
std::optional<Fd> Server::Impl::accept_one() {
  Fd fd{accept4(listener_.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  if (fd) return fd;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
  if (errno == EMFILE && !clients_.empty()) {
    evict_oldest();
    fd.reset(accept4(listener_.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) return fd;
  }
  if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
    // The client stays in the queue and keeps the listener readable: without a pause the loop would spin.
    watch_listener(false);
    resume_.start(accept_pause);
    return std::nullopt;
  }
  return Fd{};  // the error of a client that is gone already (accept(2), "Error handling")
}

void Server::Impl::watch_listener(bool on) {
  epoll_event event{};
  event.events = on ? EPOLLIN : 0u;
  event.data.ptr = nullptr;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener_.fd.get(), &event);
}

void Server::Impl::advance(Client& client) {
  const Connection::Next next = client.connection.advance(context_);
  if (context_.gone) return;
  if (next == Connection::Next::close) {
    clients_.erase(client.self);
    return;
  }
  if (client.connection.take_progress()) {
    client.deadline = boot_now() + options_.deadline;
    clients_.splice(clients_.end(), clients_, client.self);
  }
  const uint32_t wanted = next == Connection::Next::write ? EPOLLOUT : EPOLLIN;
  if (wanted == client.events) return;
  epoll_event event{};
  event.events = wanted;
  event.data.ptr = &client;
  const int how = client.events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  client.events = wanted;
  // Without an entry in the set nothing would wake the client again but its deadline.
  if (epoll_ctl(epoll_.get(), how, client.connection.fd(), &event) < 0) clients_.erase(client.self);
}

void Server::Impl::evict_oldest() {
  ++context_.counters.evicted;
  clients_.pop_front();
}

void Server::Impl::expire() {
  const Instant now = boot_now();
  while (!clients_.empty() && clients_.front().deadline <= now) {
    ++context_.counters.timed_out;
    clients_.pop_front();
  }
  if (!clients_.empty()) deadline_.start(clients_.front().deadline - now);
}

Server::Server(Loop& loop, Options options, Handler handler)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(handler))) {}

Server::~Server() { impl_->leave(); }

int Server::port() const { return impl_->port(); }
int Server::connections() const { return impl_->connections(); }
const Server::Counters& Server::counters() const { return impl_->counters(); }

}  // namespace picket
