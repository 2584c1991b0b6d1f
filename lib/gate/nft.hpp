#pragma once
// libnftables (libnftables(3)): nft(8)'s own language, carried out in this process. Each run is one transaction: all of
// it holds from one moment on, or none of it. The kernel works while it is asked; but it lets one transaction at a time
// change the rules of a network, and while that of another program is large, each call here may wait for seconds. One
// thread at a time may use an object.

#include <memory>
#include <stdexcept>
#include <string>

struct nft_ctx;

namespace picket {

/// This kernel has no nftables, or this process has no CAP_NET_ADMIN: nothing that trying again would mend.
struct NoNftables : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Nft {
 public:
  /// Works in the network namespace of the calling thread. Throws NoNftables, or std::runtime_error when the kernel has
  /// nothing to give at present.
  Nft();

  /// Carries out `commands`, as `nft -f` would; empty, or why nothing of it was done, in one line.
  std::string run(const std::string& commands);
  /// Puts what `commands` print, without the elements of sets, into `answer`. Empty, or why there is no answer, in one
  /// line: then `answer` stays as it was.
  std::string ask(const std::string& commands, std::string& answer);

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace picket
