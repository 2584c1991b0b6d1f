// The floor for http_compare: what the least possible server costs. It answers every read with the same bytes, parses
// nothing, has no deadlines and no limits. Usage: bench_raw [port] (0: any); prints the port, serves until killed.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr std::string_view kept =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: keep-alive\r\n\r\nOK - Primary\n";
constexpr std::string_view closed =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: close\r\n\r\nOK - Primary\n";

void serve(int fd) {
  std::array<char, 4096> bytes;
  const ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
  if (n <= 0) {
    close(fd);
    return;
  }
  const bool keep = !memmem(bytes.data(), static_cast<size_t>(n), "close", 5);
  const std::string_view answer = keep ? kept : closed;
  if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0 || !keep) close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), size) < 0 || listen(listener, 4096) < 0) return 1;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  const int set = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  epoll_ctl(set, EPOLL_CTL_ADD, listener, &event);
  std::array<epoll_event, 64> events;
  for (;;) {
    const int n = epoll_wait(set, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd != listener) {
        serve(fd);
        continue;
      }
      for (int client = 0; (client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
        event.data.fd = client;
        epoll_ctl(set, EPOLL_CTL_ADD, client, &event);
      }
    }
  }
}
