#include "peers/named_address.hpp"

#include <netdb.h>

#include "loop/loop.hpp"

namespace picket {
namespace {

constexpr Millis lookup_pause{10'000};

bool numeric(const std::string& host) {
  return socket_address(host, 0, AF_INET).has_value() || socket_address(host, 0, AF_INET6).has_value();
}

}  // namespace

std::vector<std::string> resolve(const std::string& host, std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  if (const int r = getaddrinfo(host.c_str(), nullptr, &hints, &list); r != 0) {
    error = "cannot resolve \"" + host + "\": " + gai_strerror(r);
    return {};
  }
  std::vector<std::string> found;
  for (const auto* a = list; a != nullptr; a = a->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      found.emplace_back(text);
  }
  freeaddrinfo(list);
  return found;
}

struct NamedAddress::Lookup {
  NamedAddress* owner;
  std::string host;
  std::vector<std::string> found;
  std::string error;
};

NamedAddress::NamedAddress(Worker& names, std::string host, int port, int family, NameService ask)
    : names_(names),
      host_(std::move(host)),
      ask_(std::move(ask)),
      port_(port),
      family_(family),
      is_name_(!numeric(host_)) {
  if (is_name_) {
    error_ = "\"" + host_ + "\" is not resolved yet";
    refresh(boot_now());
    return;
  }
  current_ = socket_address(host_, port_, family_);
  if (!current_) error_ = host_ + " cannot be reached from the address that this agent listens on";
}

NamedAddress::~NamedAddress() {
  if (running_) running_->owner = nullptr;
}

void NamedAddress::refresh(Instant now) {
  if (!is_name_ || running_ || (looked_at_ && now - *looked_at_ < lookup_pause)) return;
  looked_at_ = now;
  running_ = std::make_shared<Lookup>(Lookup{this, host_, {}, {}});
  names_.run([look = running_, ask = ask_] { look->found = ask(look->host, look->error); },
             [look = running_] {
               if (look->owner != nullptr) look->owner->finish(*look);
             });
}

void NamedAddress::finish(const Lookup& lookup) {
  const auto keep = std::exchange(running_, nullptr);  // `lookup` lives in it
  error_ = lookup.error;
  std::vector<SocketAddress> usable;
  for (const auto& text : lookup.found)
    if (const auto address = socket_address(text, port_, family_)) usable.push_back(*address);
  if (!usable.empty())
    current_ = usable[turn_++ % usable.size()];
  else if (error_.empty())
    error_ = "\"" + host_ + "\" has no address that can be reached from the one that this agent listens on";
}

}  // namespace picket
