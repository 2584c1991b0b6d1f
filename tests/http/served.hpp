#pragma once
// A server on a loop in a thread of its own, and clients that speak raw bytes to it with a bound on every wait.

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <string>
#include <thread>

#include "http/server.hpp"
#include "loop/sources.hpp"

namespace picket {

/// Runs from construction to stop() or destruction. The handler runs on the thread.
class Served {
 public:
  Served(Server::Options options, Server::Handler handler)
      : stop_(eventfd(0, EFD_CLOEXEC)), thread_([this, options, handler] { run(options, handler); }) {
    while (port_ == 0) std::this_thread::yield();
  }
  ~Served() { stop(); }

  int port() const { return port_; }
  /// Ends the thread; what the server counted.
  Server::Counters stop() {
    if (thread_.joinable()) {
      eventfd_write(stop_.get(), 1);
      thread_.join();
    }
    return counters_;
  }
  /// Clients that were still connected at the end.
  int left_over() const { return left_over_; }

 private:
  void run(const Server::Options& options, const Server::Handler& handler) {
    Loop loop;
    Server server(loop, options, handler);
    Io stop(loop, stop_.get(), POLLIN, [&](uint32_t) { loop.exit(0); });
    port_ = server.port();
    loop.run();
    counters_ = server.counters();
    left_over_ = server.connections();
  }

  Fd stop_;
  std::atomic<int> port_ = 0;
  Server::Counters counters_;
  int left_over_ = 0;
  std::thread thread_;
};

/// One TCP client on loopback.
class Client {
 public:
  explicit Client(int port, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }

  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  bool send(std::string_view bytes) {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  void end_of_sending() { shutdown(fd_.get(), SHUT_WR); }
  void reset() {
    const linger abort{1, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    fd_.reset();
  }

  /// Waits until one answer is there and takes it: head and as much as Content-Length says. Empty at a timeout or an
  /// early end. `bodyless`: the answer to HEAD.
  std::string answer(bool bodyless = false, Millis limit = Millis{3000}) {
    const Instant end = boot_now() + limit;
    for (;;) {
      const size_t head = buffer_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const size_t named = buffer_.find("Content-Length: ");
        const size_t body = bodyless || named > head ? 0 : std::stoul(buffer_.substr(named + 16, 20));
        const size_t size = head + 4 + body;
        if (buffer_.size() >= size) {
          std::string one = buffer_.substr(0, size);
          buffer_.erase(0, size);
          return one;
        }
      }
      if (!more(end)) return {};
    }
  }

  /// Everything until the server closes. `closed()` tells whether it did within the limit.
  std::string rest(Millis limit = Millis{3000}) {
    const Instant end = boot_now() + limit;
    while (more(end)) {
    }
    return std::exchange(buffer_, {});
  }
  /// Whether the server ended the connection, by FIN or reset, as far as was read.
  bool closed() const { return closed_; }
  bool was_reset() const { return reset_; }

 private:
  bool more(Instant end) {
    const Millis left = end - boot_now();
    pollfd wait{fd_.get(), POLLIN, 0};
    if (left <= Millis{0} || poll(&wait, 1, static_cast<int>(left.count())) <= 0) return false;
    char bytes[65536];
    const ssize_t n = recv(fd_.get(), bytes, sizeof bytes, 0);
    if (n <= 0) {
      closed_ = true;
      reset_ = n < 0;
      return false;
    }
    buffer_.append(bytes, static_cast<size_t>(n));
    return true;
  }

  Fd fd_;
  bool connected_ = false, closed_ = false, reset_ = false;
  std::string buffer_;
};

/// What the server answers to `request` on a connection of its own, until it closes.
inline std::string ask(int port, std::string_view request) {
  Client client(port);
  client.send(request);
  return client.rest();
}

inline std::string status_line(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }
inline std::string body_of(const std::string& answer) {
  const size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "" : answer.substr(head + 4);
}

}  // namespace picket
