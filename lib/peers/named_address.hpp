#pragma once
// Where a peer is: a numeric address at once, a name as soon as a worker thread has resolved it.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "loop/worker.hpp"
#include "peers/socket.hpp"

namespace picket {

/// The numeric addresses of `host` by the name service, in the order of getaddrinfo(3); none, with words in `error`,
/// when that fails. Blocks.
std::vector<std::string> resolve(const std::string& host, std::string& error);

/// resolve(), or what a test puts in its place. Runs on the worker.
using NameService = std::function<std::vector<std::string>(const std::string& host, std::string& error)>;

class NamedAddress {
 public:
  /// `names` runs nothing but name lookups and must outlive this; a numeric `host` never uses it. `family` is that of
  /// the socket (socket.hpp).
  NamedAddress(Worker& names, std::string host, int port, int family, NameService ask = resolve);
  ~NamedAddress();
  NamedAddress(const NamedAddress&) = delete;
  NamedAddress& operator=(const NamedAddress&) = delete;

  /// Nothing until a lookup succeeded; kept while the name service fails.
  const std::optional<SocketAddress>& current() const { return current_; }
  /// Why there is no address, or why the latest lookup failed; "" if it did not.
  const std::string& error() const { return error_; }
  /// For a peer that is not heard: looks the name up again, at most every ten seconds, and takes the next of its
  /// addresses.
  void refresh(Instant now);

 private:
  struct Lookup;
  void finish(const Lookup& lookup);

  Worker& names_;
  std::string host_;
  NameService ask_;
  int port_;
  int family_;
  bool is_name_ = false;
  std::optional<SocketAddress> current_;
  std::string error_;
  std::optional<Instant> looked_at_;
  size_t turn_ = 0;
  std::shared_ptr<Lookup> running_;  // its `owner` is cleared when this dies first
};

}  // namespace picket
