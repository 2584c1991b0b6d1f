#pragma once
// Whether one address (the virtual one) is on this host now, as the kernel tells it (rtnetlink(7), through libnl's
// address cache). Works in the network namespace of the thread that constructs it. A lost event makes the answer
// unknown until the whole table has been read again; the table is also read every few seconds, because edges alone are
// not to be relied on.

#include <functional>
#include <memory>
#include <string>

#include "core/facts.hpp"
#include "loop/sources.hpp"

namespace picket {

class Addresses {
 public:
  static constexpr Millis resync_every{5000}, retry_every{500};

  /// `address`: IPv4 or IPv6, with or without "/prefix length"; without it any prefix length matches. Empty: not
  /// configured. Throws std::invalid_argument when it is no address. A kernel that does not answer is no error: the
  /// facts are unknown and it is tried again. `changed` runs on the loop when facts() has changed since the
  /// constructor; may be empty.
  Addresses(Loop& loop, std::string address, std::function<void()> changed);
  ~Addresses();
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;

  const AddressFacts& facts() const { return facts_; }

  /// Deletes the address from every interface that has it (RTM_DELADDR, needs CAP_NET_ADMIN). The kernel answers within
  /// the call, so there is nothing to wait for. Returns an empty text when it is gone or was not there, else e.g.
  /// "delete 10.0.0.5/24 from eth0: Operation not permitted".
  std::string remove();

 private:
  struct Kernel;  // libnl's objects
  void open();
  void readable();
  void resync();
  void look();
  void unknown(const std::string& why);
  void set(AddressFacts::State state, const std::string& why);

  Loop& loop_;
  std::function<void()> changed_;
  AddressFacts facts_;
  std::unique_ptr<Kernel> kernel_;
  Timer timer_;
};

}  // namespace picket
