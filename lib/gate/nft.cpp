#include "gate/nft.hpp"

#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "loop/fd.hpp"

namespace picket {
namespace {

const char* const forbidden = "the kernel does not permit it";

}  // namespace

// nft_ctx_new() ends the process where it cannot have this socket.
Nft::Nft() {
  if (const Fd socket_there{socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)}; !socket_there) {
    const int why = errno;
    const bool never = why == EPROTONOSUPPORT || why == EAFNOSUPPORT;
    const std::string reason = std::strerror(why);
    if (never) throw NoNftables("this kernel has no nftables: " + reason);
    throw std::runtime_error("no socket of netfilter's: " + reason);
  }
  context_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context_ || nft_ctx_buffer_error(context_.get()) != 0 || nft_ctx_buffer_output(context_.get()) != 0)
    throw std::runtime_error("libnftables: out of memory");
  nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_TERSE);
  // The kernel lets nobody look either without the right to change.
  if (run("list tables inet") == forbidden) throw NoNftables("no CAP_NET_ADMIN");
}

void Nft::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

std::string Nft::run(const std::string& commands) {
  errno = 0;
  if (nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) return {};
  // Some of its errors are told on standard error only.
  const bool denied = errno == EPERM;
  std::string error = nft_ctx_get_error_buffer(context_.get());
  if (denied || error.find("Operation not permitted") != error.npos) return forbidden;
  error.erase(std::min(error.find('\n'), error.size()));
  return error.empty() ? "libnftables does not say why" : error;
}

std::string Nft::ask(const std::string& commands, std::string& answer) {
  nft_ctx_get_output_buffer(context_.get());  // what an earlier one left
  std::string error = run(commands);
  if (error.empty()) answer = nft_ctx_get_output_buffer(context_.get());
  return error;
}

}  // namespace picket
