#include "postgres/watched.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <stdexcept>

namespace picket::test {
namespace {

Fd listen_on_loopback(int& port) {
  Fd fd{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), any, size) != 0 || listen(fd.get(), 64) != 0 || getsockname(fd.get(), any, &size) != 0)
    throw std::runtime_error("cannot listen on the loopback");
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

ProbeOptions Watched::quick(const std::string& conninfo) {
  ProbeOptions options;
  options.conninfo = conninfo;
  options.poll = Millis{50};
  options.session_deadline = options.connect_deadline = options.fresh_deadline = Millis{300};
  options.fresh_every = Millis{100};
  return options;
}

bool Watched::until_new_facts(Millis limit) {
  const Instant now = boot_now();  // nothing is asked while the loop does not run
  return until([&] { return probe.view().facts && probe.view().facts_asked >= now; }, limit);
}

FakeServer::FakeServer(Loop& loop, Manner manner)
    : loop_(loop),
      manner_(manner),
      listener_(listen_on_loopback(port_)),
      io_(loop, listener_.get(), EPOLLIN, [this](uint32_t) { visitor(); }) {}

void FakeServer::visitor() {
  Fd fd{accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!fd) return;
  ++visitors_;
  if (manner_ == Manner::close_at_once) return;
  const int number = fd.get();
  held_.push_back(std::move(fd));
  if (manner_ == Manner::silent) return;
  talking_.emplace_back(loop_, number, EPOLLIN, [number](uint32_t) {
    char request[256];
    if (recv(number, request, sizeof request, 0) <= 0) return;
    static constexpr std::string_view answer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    send(number, answer.data(), answer.size(), MSG_NOSIGNAL);
    shutdown(number, SHUT_WR);
  });
}

}  // namespace picket::test
