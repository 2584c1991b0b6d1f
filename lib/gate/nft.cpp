#include "gate/nft.hpp"

#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "loop/fd.hpp"

namespace picket {

// nft_ctx_new() ends the process where it cannot have this socket.
Nft::Nft() {
  if (const Fd socket_there{socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)}; !socket_there)
    throw std::runtime_error(std::string("this kernel has no nftables: ") + std::strerror(errno));
  context_.reset(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context_ || nft_ctx_buffer_error(context_.get()) != 0 || nft_ctx_buffer_output(context_.get()) != 0)
    throw std::runtime_error("libnftables: out of memory");
  nft_ctx_output_set_flags(context_.get(), NFT_CTX_OUTPUT_TERSE);
}

void Nft::Free::operator()(nft_ctx* context) const { nft_ctx_free(context); }

std::string Nft::run(const std::string& commands) {
  errno = 0;
  if (nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0) return {};
  // Some of its errors are told on standard error only.
  const bool forbidden = errno == EPERM;
  std::string error = nft_ctx_get_error_buffer(context_.get());
  if (forbidden || error.find("Operation not permitted") != error.npos) return "no CAP_NET_ADMIN";
  error.erase(std::min(error.find('\n'), error.size()));
  return error.empty() ? "libnftables does not say why" : error;
}

std::string Nft::ask(const std::string& commands) {
  nft_ctx_get_output_buffer(context_.get());  // what an earlier one left
  return nft_run_cmd_from_buffer(context_.get(), commands.c_str()) == 0 ? nft_ctx_get_output_buffer(context_.get())
                                                                        : "";
}

}  // namespace picket
