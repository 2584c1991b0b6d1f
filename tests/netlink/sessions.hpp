#pragma once
// The two ends of real TCP connections.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "loop/fd.hpp"

namespace picket::test {

inline sockaddr_storage address_of(const std::string& host, int port, socklen_t& length) {
  sockaddr_storage result{};
  if (host.find(':') == std::string::npos) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(result);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET, host.c_str(), &v4.sin_addr);
    length = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(result);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr);
    length = sizeof v6;
  }
  return result;
}

/// Listens, and holds what it has accepted.
class Host {
 public:
  Host(const std::string& address, int port) {
    socklen_t length = 0;
    const auto at = address_of(address, port, length);
    listener_ = Fd{socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on = 1, off = 0;
    setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.ss_family == AF_INET6) setsockopt(listener_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&at), length) != 0) perror("bind");
    listen(listener_.get(), 4096);
  }
  void accept_one() { accepted_.emplace_back(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }

 private:
  Fd listener_;
  std::vector<Fd> accepted_;
};

/// A server with many sessions, whose ends are held by a process of their own: a test has descriptors for one side
/// only.
class Crowd {
 public:
  Crowd(int port, int count) {
    Host host("0.0.0.0", port);
    pid_ = fork();
    if (pid_ != 0) return;
    for (int i = 0; i < count; ++i) host.accept_one();
    pause();
    _exit(0);
  }
  ~Crowd() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  int pid_;
};

class Client {
 public:
  Client(const std::string& address, int port) {
    socklen_t length = 0;
    const auto at = address_of(address, port, length);
    // What an earlier test left of a session with the same two ports may refuse the first one.
    for (int i = 0; i < 3 && !connected_; ++i) {
      fd_ = Fd{socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
      connected_ = connect(fd_.get(), reinterpret_cast<const sockaddr*>(&at), length) == 0;
    }
  }
  bool connected() const { return connected_; }
  int port() const {
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&own), &length);
    return ntohs(own.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(own).sin_port
                                          : reinterpret_cast<const sockaddr_in6&>(own).sin6_port);
  }
  void close_half() const { shutdown(fd_.get(), SHUT_WR); }
  /// "reset", "open", or what else a read says now.
  std::string state() const {
    char byte = 0;
    if (recv(fd_.get(), &byte, 1, MSG_DONTWAIT) >= 0) return "closed";
    if (errno == EAGAIN) return "open";
    return errno == ECONNRESET ? "reset" : std::strerror(errno);
  }

 private:
  Fd fd_;
  bool connected_ = false;
};

}  // namespace picket::test
