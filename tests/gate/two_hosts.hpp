#pragma once
// Two hosts with a cable between them, this process being on the first; clients and a server for both.

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/time.hpp"
#include "gate/taken_table.hpp"
#include "loop/fd.hpp"

namespace picket {

/// From where a client connects, and where to.
enum class Place { here, here_ipv6, there, to_the_other };
std::string_view word(Place place);

/// While it lives this process has no CAP_NET_ADMIN.
struct WithoutRights {
  WithoutRights() { EXPECT_EQ(seteuid(65534), 0); }
  ~WithoutRights() { EXPECT_EQ(seteuid(0), 0); }
  WithoutRights(const WithoutRights&) = delete;
  WithoutRights& operator=(const WithoutRights&) = delete;
};

class TwoHosts : public testing::Test {
 public:
  /// Runs `act` on the other host: sockets that it makes belong there.
  template <typename Act>
  auto elsewhere(Act act) {
    struct Back {
      const TwoHosts& hosts;
      ~Back() { hosts.enter(hosts.home_); }
    } back{*this};
    enter(other_);
    return act();
  }

 protected:
  void SetUp() override;

 private:
  void enter(const Fd& net) const;
  Fd home_, other_;
};

/// Answers each byte with itself, on all addresses of the host on which it is made.
class EchoServer {
 public:
  explicit EchoServer(int port);
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  /// Bytes that came so far, from all clients.
  size_t heard() const { return heard_; }
  /// Sends this byte to all clients.
  void say(std::string_view text) { say_ = text.front(); }

 private:
  void serve();
  Fd listener_;
  std::atomic<size_t> heard_ = 0;
  std::atomic<char> say_ = 0;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

class Client {
 public:
  Client(TwoHosts& hosts, Place place, int port);

  int error() const { return error_; }  ///< of connect(2); 0 when it is connected
  Millis took() const { return took_; }
  void send(std::string_view text);
  /// What comes until `count` bytes are there or `within` is over.
  std::string receive(Millis within, size_t count = 1);
  bool echoes(Millis within = Millis{1000});
  bool was_reset(Millis within);

 private:
  Fd socket_;
  int error_ = 0;
  Millis took_{0};
};

/// The first of the hosts with a server, which is to be behind the gate.
class ServerHost : public TwoHosts {
 protected:
  static constexpr int client_port = 6433, server_port = 5432;

  void SetUp() override;
  /// Whether a client of the other host gets in by the gate and is answered.
  bool lets_in() { return Client(*this, Place::there, client_port).echoes(); }
  /// Runs nft(8) with `commands`.
  static void nft(const std::string& commands);

  std::optional<EchoServer> server;
};

}  // namespace picket
