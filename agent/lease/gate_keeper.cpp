#include "lease/gate_keeper.hpp"

#include "lease/keeper.hpp"
#include "log.hpp"
#include "loop/loop.hpp"

namespace picket {
namespace {

constexpr Millis look_every{1000};

std::string words_of(const std::runtime_error& error) {
  return "lease.client_gate: the kernel does not make the gate: " + std::string(error.what()) +
         "; this node may hold no lease without it";
}

GateTable make(int client_port, int server_port) {
  try {
    return {client_port, server_port};
  } catch (const NoNftables& error) {
    throw CannotVote(words_of(error));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(words_of(error));
  }
}

}  // namespace

// The rest of the lease is the time in which an order to the kernel may be late.
GateKeeper::GateKeeper(int client_port, int server_port, Millis lease)
    : port_(client_port), life_(lease * 2 / 3), table_(make(client_port, server_port)) {}

void GateKeeper::decided(ClientGate wish, const LeaseFacts& lease, Instant now) {
  if (wish == ClientGate::closed) close(now);
  ran_out(now);
  look_after(now);
  const bool is_open = open_until_ != Instant{};
  if (wish == ClientGate::open || (wish == ClientGate::keep && is_open)) open(lease, now);
}

void GateKeeper::close(Instant now) {
  failed_.clear();
  if (open_until_ == Instant{} && !may_be_open_) return;
  const std::string error = table_.close();
  if (error.empty() && open_until_ > now) log(Priority::notice, "client gate: closed");
  open_until_ = {};
  may_be_open_ = !error.empty();
  if (error.empty()) return;
  // It runs out all the same; and what is not there is put back closed.
  failed_ = "the client gate cannot be closed: " + error;
  next_look_ = now;
}

void GateKeeper::ran_out(Instant now) {
  if (open_until_ == Instant{} || now < open_until_) return;
  log(Priority::warning, "client gate: closed by itself: the lease was not renewed in time, or this agent did not run");
  open_until_ = {};
}

// A reload of the host's firewall rules may take ours with it.
void GateKeeper::look_after(Instant now) {
  if (now < next_look_) return;
  next_look_ = now + look_every;
  bool changed = false;
  const std::string error = table_.mend(changed);
  const std::string gate = "the client gate (nftables, table inet picket) ",
                    what = "was removed or changed by somebody";
  wrong_.clear();
  if (!error.empty()) wrong_ = gate + (changed ? what + ", and cannot be put back: " : "cannot be looked at: ") + error;
  if (!changed) return;
  open_until_ = {};
  if (!error.empty()) return;
  log(Priority::warning, gate + what + "; it has been put back");
  failed_.clear();
}

void GateKeeper::open(const LeaseFacts& lease, Instant now) {
  const Instant until = lease.confirmed + life_;
  if (until <= open_until_ || until - now < GateTable::least) return;
  const std::string error = table_.open(until, lease.valid_until);
  if (error.empty()) {
    if (open_until_ == Instant{}) log(Priority::notice, "client gate: open on port " + std::to_string(port_));
    open_until_ = until;
    may_be_open_ = true;
    failed_.clear();
    return;
  }
  // Late, which the next round mends; or the table is gone.
  failed_ = "the client gate cannot be opened: " + error;
  next_look_ = now;
}

}  // namespace picket
