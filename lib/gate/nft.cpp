#include "gate/nft.hpp"

#include <dlfcn.h>
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

/// Loaded where a client gate is wanted: with all that it needs it takes a megabyte, which other nodes keep.
struct Library {
  void* const handle = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);
  decltype(&nft_ctx_new) ctx_new = find<decltype(&nft_ctx_new)>("nft_ctx_new");
  decltype(&nft_ctx_free) ctx_free = find<decltype(&nft_ctx_free)>("nft_ctx_free");
  decltype(&nft_ctx_buffer_error) buffer_error = find<decltype(&nft_ctx_buffer_error)>("nft_ctx_buffer_error");
  decltype(&nft_ctx_buffer_output) buffer_output = find<decltype(&nft_ctx_buffer_output)>("nft_ctx_buffer_output");
  decltype(&nft_ctx_output_set_flags) set_flags = find<decltype(&nft_ctx_output_set_flags)>("nft_ctx_output_set_flags");
  decltype(&nft_run_cmd_from_buffer) run = find<decltype(&nft_run_cmd_from_buffer)>("nft_run_cmd_from_buffer");
  decltype(&nft_ctx_get_error_buffer) error = find<decltype(&nft_ctx_get_error_buffer)>("nft_ctx_get_error_buffer");
  decltype(&nft_ctx_get_output_buffer) output = find<decltype(&nft_ctx_get_output_buffer)>("nft_ctx_get_output_buffer");

  template <typename Function>
  Function find(const char* name) const {
    void* const found = handle != nullptr ? dlsym(handle, name) : nullptr;
    if (found == nullptr) throw NoNftables(std::string("libnftables cannot be loaded: ") + dlerror());
    return reinterpret_cast<Function>(found);
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

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
  context_.reset(library().ctx_new(NFT_CTX_DEFAULT));
  if (!context_ || library().buffer_error(context_.get()) != 0 || library().buffer_output(context_.get()) != 0)
    throw std::runtime_error("libnftables: out of memory");
  library().set_flags(context_.get(), NFT_CTX_OUTPUT_TERSE);
  // The kernel lets nobody look either without the right to change.
  if (run("list tables inet") == forbidden) throw NoNftables("no CAP_NET_ADMIN");
}

void Nft::Free::operator()(nft_ctx* context) const { library().ctx_free(context); }

std::string Nft::run(const std::string& commands) {
  errno = 0;
  if (library().run(context_.get(), commands.c_str()) == 0) return {};
  // Some of its errors are told on standard error only.
  const bool denied = errno == EPERM;
  std::string error = library().error(context_.get());
  if (denied || error.find("Operation not permitted") != error.npos) return forbidden;
  error.erase(std::min(error.find('\n'), error.size()));
  return error.empty() ? "libnftables does not say why" : error;
}

std::string Nft::ask(const std::string& commands, std::string& answer) {
  library().output(context_.get());  // what an earlier one left
  std::string error = run(commands);
  if (error.empty()) answer = library().output(context_.get());
  return error;
}

}  // namespace picket
