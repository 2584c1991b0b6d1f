#pragma once
// A client of a real PostgreSQL, for the tests of what it meets when its server is fenced.

#include <libpq-fe.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "loop/fd.hpp"
#include "postgres/throwaway.hpp"

namespace picket::test {

class Client {
 public:
  /// Logged in; `address` is the one it comes by, empty for the UNIX socket. Throws.
  Client(const Throwaway& server, const std::string& address)
      : connection_(
            PQconnectdb(
                (address.empty() ? server.socket_conninfo() : server.conninfo() + " hostaddr=" + address).c_str()),
            PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  /// "open" with nothing to read, "reset" (ECONNRESET), "told" (the server has said something, such as why it ends the
  /// session), "closed", or another error. Takes nothing away.
  std::string state() const {
    char byte = 0;
    const ssize_t got = recv(PQsocket(connection_.get()), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    if (got > 0) return "told";
    if (got == 0) return "closed";
    if (errno == EAGAIN) return "open";
    return errno == ECONNRESET ? "reset" : std::strerror(errno);
  }
  /// Whether a statement succeeds. Waits for its end.
  bool works(const std::string& sql = "SELECT 1") {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result{PQexec(connection_.get(), sql.c_str()), PQclear};
    const auto status = PQresultStatus(result.get());
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

/// One who has only connected so far, as far as the kernel goes. Nobody has answered it.
class Connecting {
 public:
  explicit Connecting(const Throwaway& server) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }

 private:
  Fd fd_;
};

}  // namespace picket::test
