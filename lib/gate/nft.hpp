#pragma once
// libnftables (libnftables(3)): nft(8)'s own language, carried out in this process. Each run is one transaction: all of
// it holds from one moment on, or none of it. The kernel works while it is asked, so nothing here waits, but for
// another process that is changing rules at that very moment.

#include <memory>
#include <string>

struct nft_ctx;

namespace picket {

class Nft {
 public:
  /// Works in the network namespace of the calling thread. Throws std::runtime_error when the kernel has no nftables.
  Nft();

  /// Carries out `commands`, as `nft -f` would; empty, or why nothing of it was done, in one line.
  std::string run(const std::string& commands);
  /// What `commands` print, without the elements of sets; empty when they fail.
  std::string ask(const std::string& commands);

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace picket
