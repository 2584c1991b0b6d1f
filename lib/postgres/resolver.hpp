#pragma once
// Turns the names of a connection string into numeric addresses on a worker thread, because libpq would resolve them on
// the loop. The last good answer is kept while the name service fails.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "loop/worker.hpp"
#include "postgres/conninfo.hpp"

namespace picket {

/// Keywords and values for PQconnectStartParams.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// One place to connect to: a socket folder or the default (no `address`), or a host with its numeric address.
struct Endpoint {
  std::string host, address, port;
  bool operator==(const Endpoint&) const = default;
};

/// The options of `info` with host, hostaddr and port replaced by `endpoints`, beginning with number `first` (modulo
/// their count). Pure.
Parameters connect_parameters(const ConnInfo& info, const std::vector<Endpoint>& endpoints, size_t first);

class Resolver {
 public:
  /// `worker` should be one that runs nothing but name lookups, and must outlive this. Without names in `info` the
  /// endpoints are known at once and `worker` is never used. `changed` runs on the loop after each lookup.
  Resolver(Worker& worker, ConnInfo info, std::function<void()> changed);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Empty until a lookup succeeded.
  const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  const ConnInfo& info() const { return info_; }
  /// Why the latest lookup failed, "" if it did not (getaddrinfo(3)).
  const std::string& error() const { return error_; }
  /// Looks the names up again unless a lookup is running or the latest began less than `max_age` ago.
  void refresh(Millis max_age);

 private:
  struct Lookup;
  void finish(const Lookup& lookup);

  Worker& worker_;
  ConnInfo info_;
  std::function<void()> changed_;
  std::vector<Endpoint> endpoints_;
  std::string error_;
  bool has_names_ = false;
  bool looked_ = false;
  Instant looked_at_{};
  std::shared_ptr<Lookup> running_;  ///< its `owner` is cleared when this dies first
};

}  // namespace picket
