#include "netlink/sockets.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "loop/fd.hpp"
#include "loop/loop.hpp"

namespace picket {
namespace {

struct Free {
  void operator()(nl_sock* s) const { nl_socket_free(s); }
};

// States in which somebody could still be served. One whose server process has closed it (FIN_WAIT) is on its way out,
// perhaps with the words of a clean shutdown still to be delivered.
constexpr uint32_t served_states = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_RECV | 1U << TCP_CLOSE_WAIT;

struct Session {
  uint8_t family = 0;
  inet_diag_sockid id{};
};

/// An address as idiag_src and idiag_dst show it; IPv4 as the IPv6 form that holds it.
struct Wanted {
  bool any = true;
  in6_addr address{};
  struct Spared {
    in6_addr address{};
    uint16_t port = 0;  // network byte order
  };
  std::vector<Spared> spared;
};

in6_addr mapped(const void* ipv4) {
  in6_addr result{};
  result.s6_addr[10] = result.s6_addr[11] = 0xff;
  std::memcpy(&result.s6_addr[12], ipv4, sizeof(in_addr));
  return result;
}

bool parse(const std::string& text, in6_addr& address) {
  in_addr ipv4{};
  if (inet_pton(AF_INET6, text.c_str(), &address) == 1) return true;
  if (inet_pton(AF_INET, text.c_str(), &ipv4) != 1) return false;
  address = mapped(&ipv4);
  return true;
}

bool same(const in6_addr& a, uint8_t family, const uint32_t (&raw)[4]) {
  in6_addr b{};
  if (family == AF_INET)
    b = mapped(raw);
  else
    std::memcpy(&b, raw, sizeof b);
  return std::memcmp(&a, &b, sizeof a) == 0;
}

bool matches(const Wanted& wanted, const inet_diag_msg& found) {
  // Never accepted, and its client is gone again: one who knocked to see whether somebody is there.
  if (found.idiag_state == TCP_CLOSE_WAIT && found.idiag_inode == 0) return false;
  for (const auto& far : wanted.spared)
    if (far.port == found.id.idiag_dport && same(far.address, found.idiag_family, found.id.idiag_dst)) return false;
  return wanted.any || same(wanted.address, found.idiag_family, found.id.idiag_src);
}

inet_diag_req_v2 request(uint8_t family) {
  inet_diag_req_v2 result{};
  result.sdiag_family = family;
  result.sdiag_protocol = IPPROTO_TCP;
  result.idiag_states = served_states;
  return result;
}

std::string words(int error) {
  if (error == -NLE_PERM) return "no CAP_NET_ADMIN (" + std::string(nl_geterror(error)) + ")";
  if (error == -NLE_OPNOTSUPP)
    return "this kernel is built without CONFIG_INET_DIAG_DESTROY (" + std::string(nl_geterror(error)) + ")";
  return nl_geterror(error);
}

}  // namespace

struct SessionCutter::Kernel {
  std::unique_ptr<nl_sock, Free> socket;
  std::string error;  // why there is no socket

  Kernel() : socket(nl_socket_alloc()) {
    if (!socket) {
      error = "netlink: out of memory";
      return;
    }
    int r = nl_connect(socket.get(), NETLINK_SOCK_DIAG);
    // The kernel works while it is asked; should an answer be missing all the same, nobody waits for it.
    if (r >= 0) r = nl_socket_set_nonblocking(socket.get());
    if (r >= 0) return;
    error = std::string("netlink: ") + nl_geterror(r);
    socket.reset();
  }

  // Adds the sessions of one family, at most until `sessions` holds `most`; `more` then says that there are others.
  int list(uint8_t family, int port, const Wanted& wanted, size_t most, std::vector<Session>& sessions, bool& more) {
    auto ask = request(family);
    ask.id.idiag_sport = htons(static_cast<uint16_t>(port));
    struct Take {
      const Wanted& wanted;
      size_t most;
      std::vector<Session>& sessions;
      bool& more;
    } take{wanted, most, sessions, more};
    const auto callback = [](nl_msg* message, void* data) -> int {
      auto& into = *static_cast<Take*>(data);
      const nlmsghdr* header = nlmsg_hdr(message);
      if (header->nlmsg_len < NLMSG_LENGTH(sizeof(inet_diag_msg))) return NL_OK;
      const auto& found = *static_cast<const inet_diag_msg*>(nlmsg_data(header));
      if (!matches(into.wanted, found)) return NL_OK;
      if (into.sessions.size() == into.most)
        into.more = true;
      else
        into.sessions.push_back({found.idiag_family, found.id});
      return NL_OK;
    };
    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_CUSTOM, callback, &take);
    int r = nl_send_simple(socket.get(), SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &ask, sizeof ask);
    if (r >= 0) r = nl_recvmsgs_default(socket.get());
    nl_socket_modify_cb(socket.get(), NL_CB_VALID, NL_CB_DEFAULT, nullptr, nullptr);
    return r < 0 ? r : 0;
  }

  // The kernel resets the connection; it may wait for a process that is inside a system call on that very socket, which
  // no process stays in while it sleeps.
  int destroy(const Session& session) {
    auto order = request(session.family);
    order.id = session.id;
    const int r = nl_send_simple(socket.get(), SOCK_DESTROY, 0, &order, sizeof order);
    return r < 0 ? r : nl_wait_for_ack(socket.get());
  }
};

SessionCutter::SessionCutter() : kernel_(std::make_unique<Kernel>()), why_not_(try_it()) {}
SessionCutter::~SessionCutter() = default;

Cut SessionCutter::cut(int port, const std::string& address, const std::vector<FarEnd>& spared) {
  Cut result;
  Wanted wanted;
  wanted.any = address.empty();
  for (const auto& far : spared) {
    Wanted::Spared one;
    one.port = htons(static_cast<uint16_t>(far.port));
    if (parse(far.address, one.address)) wanted.spared.push_back(one);
  }
  if (!kernel_->socket) {
    result.error = kernel_->error;
    return result;
  }
  if (port < 1 || port > 65535 || (!wanted.any && !parse(address, wanted.address))) {
    result.error = "\"" + address + "\" port " + std::to_string(port) + " is no local end of a TCP session";
    return result;
  }
  std::vector<Session> sessions;
  for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}}) {
    // A host without IPv6 has no such sessions.
    const int r = kernel_->list(family, port, wanted, most_per_call, sessions, result.more);
    if (r < 0 && !(family == AF_INET6 && r == -NLE_OBJ_NOTFOUND))
      result.error = std::string("the sessions cannot be listed: ") + nl_geterror(r);
  }
  const Instant begin = boot_now();
  for (const auto& session : sessions) {
    // Each call gets on, however long its listing took or the processor was away.
    if (result.cut + result.failed > 0 && boot_now() - begin > longest_call) {
      result.more = true;
      break;
    }
    const int r = kernel_->destroy(session);
    if (r >= 0) {
      ++result.cut;
    } else if (r != -NLE_OBJ_NOTFOUND) {  // it ended by itself meanwhile
      if (result.failed++ == 0) result.error = words(r);
    }
  }
  return result;
}

// On a connection to ourselves: what is found out costs nobody a session.
std::string SessionCutter::try_it() {
  if (!kernel_->socket) return kernel_->error;
  const auto failed = [](const char* call) {
    return std::string("could not be tried on a connection of our own: ") + call + ": " + std::strerror(errno);
  };
  const Fd listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const Fd client{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!listener || !client) return failed("socket");
  sockaddr_in server{}, own{};
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof server;
  auto* const server_address = reinterpret_cast<sockaddr*>(&server);
  if (bind(listener.get(), server_address, length) < 0) return failed("bind");
  if (listen(listener.get(), 1) < 0) return failed("listen");
  if (getsockname(listener.get(), server_address, &length) < 0) return failed("getsockname");
  if (connect(client.get(), server_address, length) < 0 && errno != EINPROGRESS) return failed("connect");
  if (getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &length) < 0) return failed("getsockname");
  Session session{AF_INET, {}};
  session.id.idiag_sport = own.sin_port;
  session.id.idiag_dport = server.sin_port;
  session.id.idiag_src[0] = own.sin_addr.s_addr;
  session.id.idiag_dst[0] = server.sin_addr.s_addr;
  session.id.idiag_cookie[0] = session.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  const int r = kernel_->destroy(session);
  return r < 0 ? words(r) : "";
}

}  // namespace picket
