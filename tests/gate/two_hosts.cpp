#include "gate/two_hosts.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>

#include "loop/loop.hpp"

namespace picket {
namespace {

void ip(const std::string& arguments) {
  if (std::system(("ip " + arguments).c_str()) != 0) ADD_FAILURE() << "ip " << arguments;
}

Fd this_net() { return Fd{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)}; }

bool readable(int fd, Millis within) {
  pollfd wait{fd, POLLIN, 0};
  return poll(&wait, 1, static_cast<int>(within.count())) > 0;
}

}  // namespace

std::string_view word(Place place) {
  switch (place) {
    case Place::here: return "here";
    case Place::here_ipv6: return "here, by IPv6";
    case Place::there: return "from the other host";
    case Place::to_the_other: break;
  }
  return "to the other host";
}

void TwoHosts::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: network namespaces of its own";
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  other_ = this_net();
  ip("link set lo up");
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  home_ = this_net();
  ip("link set lo up");
  const std::string other = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(other_.get());
  ip("link add cable0 type veth peer name cable1 netns " + other);
  ip("addr add 10.9.0.1/24 dev cable0");
  ip("link set cable0 up");
  elsewhere([] {
    ip("addr add 10.9.0.2/24 dev cable1");
    ip("link set cable1 up");
  });
  // The first packet over a new cable may be lost, and is sent again after a second.
  EXPECT_EQ(Client(*this, Place::there, 1).error(), ECONNREFUSED);
}

void TwoHosts::enter(const Fd& net) const { ASSERT_EQ(setns(net.get(), CLONE_NEWNET), 0) << std::strerror(errno); }

void ServerHost::SetUp() {
  TwoHosts::SetUp();
  if (!HasFatalFailure() && !IsSkipped()) server.emplace(server_port);
}

void ServerHost::nft(const std::string& commands) { ASSERT_EQ(std::system(("nft '" + commands + "'").c_str()), 0); }

EchoServer::EchoServer(int port) : listener_(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in6 all{};
  all.sin6_family = AF_INET6;
  all.sin6_port = htons(static_cast<uint16_t>(port));
  const int yes = 1;
  setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&all), sizeof all), 0) << std::strerror(errno);
  EXPECT_EQ(listen(listener_.get(), 16), 0);
  thread_ = std::thread([this] { serve(); });
}

EchoServer::~EchoServer() {
  over_ = true;
  thread_.join();
}

void EchoServer::serve() {
  std::vector<Fd> clients;
  while (!over_) {
    std::vector<pollfd> waits{{listener_.get(), POLLIN, 0}};
    for (const Fd& client : clients) waits.push_back({client.get(), POLLIN, 0});
    poll(waits.data(), waits.size(), 10);
    if (const char byte = say_.exchange(0); byte != 0)
      for (const Fd& client : clients) ::send(client.get(), &byte, 1, MSG_NOSIGNAL);
    std::vector<Fd> still;
    for (Fd& client : clients) {
      char bytes[64];
      const ssize_t n = recv(client.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN)) continue;
      if (n > 0) {
        heard_ += static_cast<size_t>(n);
        ::send(client.get(), bytes, static_cast<size_t>(n), MSG_NOSIGNAL);
      }
      still.push_back(std::move(client));
    }
    clients = std::move(still);
    if (const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC); fd >= 0) {
      const int yes = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      clients.emplace_back(fd);
    }
  }
}

Client::Client(TwoHosts& hosts, Place place, int port) {
  const auto make = [&] {
    Fd made{socket(place == Place::here_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int yes = 1;
    setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const timeval patience{2, 0};  // for connect(2) too
    setsockopt(made.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return made;
  };
  socket_ = place == Place::there ? hosts.elsewhere(make) : make();
  sockaddr_storage to{};
  socklen_t length = sizeof(sockaddr_in);
  if (place == Place::here_ipv6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(to);
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    length = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(to);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET,
              place == Place::here    ? "127.0.0.1"
              : place == Place::there ? "10.9.0.1"
                                      : "10.9.0.2",
              &v4.sin_addr);
  }
  const auto begin = std::chrono::steady_clock::now();
  if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&to), length) != 0) error_ = errno;
  took_ = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begin);
}

void Client::send(std::string_view text) { ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL); }

std::string Client::receive(Millis within, size_t count) {
  std::string text;
  const auto end = std::chrono::steady_clock::now() + within;
  while (text.size() < count) {
    const auto left = std::chrono::duration_cast<Millis>(end - std::chrono::steady_clock::now());
    if (left <= Millis{0} || !readable(socket_.get(), left)) break;
    char bytes[64];
    const ssize_t n = recv(socket_.get(), bytes, sizeof bytes, 0);
    if (n <= 0) break;
    text.append(bytes, static_cast<size_t>(n));
  }
  return text;
}

bool Client::echoes(Millis within) {
  send("p");
  return error_ == 0 && receive(within) != "";
}

bool Client::was_reset(Millis within) {
  char byte = 0;
  return readable(socket_.get(), within) && recv(socket_.get(), &byte, 1, 0) < 0 && errno == ECONNRESET;
}

}  // namespace picket
