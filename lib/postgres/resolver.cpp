#include "postgres/resolver.hpp"

#include <netdb.h>

#include <algorithm>

#include "loop/loop.hpp"

namespace picket {
namespace {

// The endpoints that `info` names, host names still without an address. libpq's rules for lists: docs 34.1.1.3.
std::vector<Endpoint> named_endpoints(const ConnInfo& info, std::string& error) {
  const auto hosts = split_list(info.host), addresses = split_list(info.hostaddr), ports = split_list(info.port);
  const size_t count = info.hostaddr.empty() ? hosts.size() : addresses.size();
  if (!info.host.empty() && hosts.size() != count) {
    error = "host and hostaddr are lists of different lengths";
    return {};
  }
  if (ports.size() != 1 && ports.size() != count) {
    error = "port is a list of another length than the hosts";
    return {};
  }
  std::vector<Endpoint> endpoints(count);
  for (size_t i = 0; i < count; ++i) {
    auto& e = endpoints[i];
    if (!info.host.empty()) e.host = hosts[i];
    if (!info.hostaddr.empty()) e.address = addresses[i];
    e.port = ports[ports.size() == 1 ? 0 : i];
    const bool folder = e.host.starts_with('/') || e.host.starts_with('@');
    if (e.address.empty() && !folder && !host_is_name(e.host)) e.address = e.host;
  }
  return endpoints;
}

bool wants_lookup(const Endpoint& e) { return e.address.empty() && host_is_name(e.host); }

// Every address of every name, in the order of getaddrinfo(3). Blocks.
std::vector<Endpoint> look_up(const std::vector<Endpoint>& named, std::string& error) {
  std::vector<Endpoint> found;
  for (const auto& e : named) {
    if (!wants_lookup(e)) {
      found.push_back(e);
      continue;
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int r = getaddrinfo(e.host.c_str(), nullptr, &hints, &list); r != 0) {
      error = "cannot resolve \"" + e.host + "\": " + gai_strerror(r);
      continue;
    }
    for (const auto* a = list; a; a = a->ai_next) {
      char text[NI_MAXHOST];
      if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
      const Endpoint one{e.host, text, e.port};
      if (std::find(found.begin(), found.end(), one) == found.end()) found.push_back(one);
    }
    freeaddrinfo(list);
  }
  return found;
}

std::string joined(const std::vector<Endpoint>& endpoints, size_t first, std::string Endpoint::*field) {
  std::string list;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    if (i > 0) list += ',';
    list += endpoints[(first + i) % endpoints.size()].*field;
  }
  return list;
}

}  // namespace

struct Resolver::Lookup {
  Resolver* owner;
  std::vector<Endpoint> named, found;
  std::string error;
};

Parameters connect_parameters(const ConnInfo& info, const std::vector<Endpoint>& endpoints, size_t first) {
  Parameters parameters;
  for (const auto& option : info.options)
    if (option.first != "host" && option.first != "hostaddr" && option.first != "port") parameters.push_back(option);
  for (const auto& [key, field] : {std::pair{"host", &Endpoint::host}, std::pair{"hostaddr", &Endpoint::address},
                                   std::pair{"port", &Endpoint::port}}) {
    auto list = joined(endpoints, first, field);
    // A list of nothings is no list: libpq would take "," for two default hosts.
    if (list.find_first_not_of(',') != list.npos) parameters.emplace_back(key, std::move(list));
  }
  return parameters;
}

Resolver::Resolver(Worker& worker, ConnInfo info, std::function<void()> changed)
    : worker_(worker), info_(std::move(info)), changed_(std::move(changed)) {
  auto named = named_endpoints(info_, error_);
  has_names_ = std::any_of(named.begin(), named.end(), wants_lookup);
  if (has_names_)
    refresh(Millis{0});
  else
    endpoints_ = std::move(named);
}

Resolver::~Resolver() {
  if (running_) running_->owner = nullptr;
}

void Resolver::refresh(Millis max_age) {
  const Instant now = boot_now();
  if (!has_names_ || running_ || (looked_ && now - looked_at_ < max_age)) return;
  looked_ = true;
  looked_at_ = now;
  std::string ignored;  // the lists were found right when this was made
  running_ = std::make_shared<Lookup>(Lookup{this, named_endpoints(info_, ignored), {}, {}});
  worker_.run([look = running_] { look->found = look_up(look->named, look->error); },
              [look = running_] {
                if (look->owner) look->owner->finish(*look);
              });
}

void Resolver::finish(const Lookup& lookup) {
  const auto keep = std::exchange(running_, nullptr);  // `lookup` lives in it
  error_ = lookup.error;
  if (!lookup.found.empty()) endpoints_ = lookup.found;
  const auto changed = changed_;  // may destroy this
  changed();
}

}  // namespace picket
