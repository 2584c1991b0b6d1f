#include "netlink/addresses.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netlink/cache.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <sys/epoll.h>

#include <charconv>
#include <cstring>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace picket {
namespace {

struct Free {
  void operator()(nl_addr* a) const { nl_addr_put(a); }
  void operator()(nl_sock* s) const { nl_socket_free(s); }
  void operator()(nl_cache_mngr* m) const { nl_cache_mngr_free(m); }
  void operator()(rtnl_addr* a) const { rtnl_addr_put(a); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// Room for a burst; the kernel caps it at net.core.rmem_max. What does not fit is noticed and read again.
constexpr int receive_buffer = 1 << 20;

// The loop has other things to do as well.
constexpr int most_losses_per_turn = 16;

std::string netlink_error(const std::string& what, int error) { return "netlink: " + what + ": " + nl_geterror(error); }

rtnl_addr* as_address(nl_object* object) {
  return reinterpret_cast<rtnl_addr*>(object);  // libnl's own "class" scheme: every rtnl_addr begins with an nl_object
}

}  // namespace

struct Addresses::Kernel {
  Owned<nl_addr> wanted;
  bool any_prefix = false;
  Owned<nl_sock> events, requests;
  Owned<nl_cache_mngr> manager;
  nl_cache* cache = nullptr;  // the manager's
  std::optional<Io> io;

  // Not nl_addr_parse(): it takes "any", hardware addresses and prefix lengths of -1.
  bool parse(const std::string& text) {
    const auto slash = text.find('/');
    const std::string host = text.substr(0, slash);
    const int family = host.find(':') == std::string::npos ? AF_INET : AF_INET6;
    const size_t size = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
    in6_addr bytes{};
    if (inet_pton(family, host.c_str(), &bytes) != 1) return false;
    wanted.reset(nl_addr_build(family, &bytes, size));
    if (!wanted) throw std::bad_alloc();
    any_prefix = slash == std::string::npos;
    if (any_prefix) return true;
    unsigned length = 0;
    const char *begin = text.data() + slash + 1, *end = text.data() + text.size();
    const auto [rest, failed] = std::from_chars(begin, end, length);
    nl_addr_set_prefixlen(wanted.get(), static_cast<int>(length));
    return failed == std::errc{} && rest == end && length <= size * 8;
  }

  bool matches(rtnl_addr* address) const {
    nl_addr* local = rtnl_addr_get_local(address);
    if (local == nullptr || nl_addr_get_family(local) != nl_addr_get_family(wanted.get())) return false;
    if (!any_prefix && rtnl_addr_get_prefixlen(address) != static_cast<int>(nl_addr_get_prefixlen(wanted.get())))
      return false;
    const auto size = nl_addr_get_len(wanted.get());
    return nl_addr_get_len(local) == size &&
           std::memcmp(nl_addr_get_binary_addr(local), nl_addr_get_binary_addr(wanted.get()), size) == 0;
  }

  std::vector<Owned<rtnl_addr>> found() const {
    std::vector<Owned<rtnl_addr>> result;
    for (nl_object* object = nl_cache_get_first(cache); object != nullptr; object = nl_cache_get_next(object)) {
      if (!matches(as_address(object))) continue;
      nl_object_get(object);
      result.emplace_back(as_address(object));
    }
    return result;
  }

  void close() {
    io.reset();
    cache = nullptr;
    manager.reset();
    requests.reset();
    events.reset();
  }
};

Addresses::Addresses(Loop& loop, std::string address, std::function<void()> changed)
    : loop_(loop), kernel_(std::make_unique<Kernel>()), timer_(loop, [this] {
        if (kernel_->cache == nullptr) {
          open();
        } else {
          resync();
        }
      }) {
  facts_.address = address;
  if (address.empty()) return;
  if (!kernel_->parse(address))
    throw std::invalid_argument("\"" + address + "\" is no IPv4 or IPv6 address (with or without /prefix length)");
  facts_.state = AddressFacts::State::unknown;
  open();
  changed_ = std::move(changed);  // what is known at the end of the constructor is no change
}

Addresses::~Addresses() { kernel_->close(); }

void Addresses::open() {
  auto& k = *kernel_;
  k.close();
  timer_.start(retry_every);
  k.events.reset(nl_socket_alloc());
  k.requests.reset(nl_socket_alloc());
  if (!k.events || !k.requests) return unknown("netlink: out of memory");
  if (int r = nl_connect(k.requests.get(), NETLINK_ROUTE); r < 0) return unknown(netlink_error("connect", r));
  nl_cache_mngr* manager = nullptr;
  if (int r = nl_cache_mngr_alloc(k.events.get(), NETLINK_ROUTE, 0, &manager); r < 0)
    return unknown(netlink_error("subscribe", r));
  k.manager.reset(manager);
  nl_socket_set_buffer_size(k.events.get(), receive_buffer, 0);  // smaller is only slower
  nl_cache* cache = nullptr;
  if (int r = nl_cache_mngr_add(manager, "route/addr", nullptr, nullptr, &cache); r < 0)
    return unknown(netlink_error("read the addresses", r));
  k.cache = cache;
  k.io.emplace(loop_, nl_cache_mngr_get_fd(manager), EPOLLIN, [this](uint32_t) { readable(); });
  timer_.start(resync_every);
  look();
}

void Addresses::readable() {
  bool lost = false;
  for (int i = 0; i < most_losses_per_turn; ++i) {
    if (nl_cache_mngr_data_ready(kernel_->manager.get()) >= 0) return lost ? resync() : look();
    // Events were lost (ENOBUFS shows as -NLE_NOMEM) or not understood. What still waits is older than the loss: it has
    // to be read before the table is, or it would be taken for news afterwards.
    lost = true;
  }
  timer_.start(Millis{0});
  unknown("netlink: changes come faster than they can be read");
}

void Addresses::resync() {
  auto& k = *kernel_;
  // On the other socket: the one with the events may be full of them.
  if (const int r = nl_cache_refill(k.requests.get(), k.cache); r < 0) {
    timer_.start(retry_every);
    return unknown(netlink_error("read the addresses", r));
  }
  timer_.start(resync_every);
  look();
}

void Addresses::look() {
  set(kernel_->found().empty() ? AddressFacts::State::absent : AddressFacts::State::present, "");
}

void Addresses::unknown(const std::string& why) { set(AddressFacts::State::unknown, why); }

void Addresses::set(AddressFacts::State state, const std::string& why) {
  if (facts_.state == state && facts_.why_unknown == why) return;
  facts_.state = state;
  facts_.why_unknown = why;
  const auto changed = changed_;
  if (changed) changed();
}

std::string Addresses::remove() {
  if (kernel_->cache == nullptr) return facts_.state == AddressFacts::State::not_configured ? "" : facts_.why_unknown;
  std::string errors;
  for (const auto& address : kernel_->found()) {
    const int r = rtnl_addr_delete(kernel_->requests.get(), address.get(), 0);
    if (r >= 0 || r == -NLE_NOADDR || r == -NLE_NODEV) continue;
    char device[IF_NAMESIZE] = "?";
    if_indextoname(static_cast<unsigned>(rtnl_addr_get_ifindex(address.get())), device);
    char text[64];
    nl_addr2str(rtnl_addr_get_local(address.get()), text, sizeof text);
    errors +=
        (errors.empty() ? "" : "; ") + ("delete " + std::string(text)) + " from " + device + ": " + nl_geterror(r);
  }
  return errors;
}

}  // namespace picket
