#include "lease/gate_keeper.hpp"

#include <memory>
#include <utility>

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
GateKeeper::GateKeeper(Loop& loop, int client_port, int server_port, Millis lease, std::function<void()> changed)
    : port_(client_port),
      life_(lease * 2 / 3),
      changed_(std::move(changed)),
      table_(make(client_port, server_port)),
      worker_(loop) {}

GateKeeper::~GateKeeper() {
  if (closing_) worker_.finish(last_order);
}

void GateKeeper::decided(ClientGate wish, const LeaseFacts& lease, Instant now) {
  slow_ = busy() && now - waits_since_ > slow;
  ran_out(now);
  const bool is_open = open_until_ != Instant{};
  if (wish == ClientGate::closed) close();
  if (wish == ClientGate::open || (wish == ClientGate::keep && is_open)) open(lease, now);
  look_after(now);
}

void GateKeeper::order(std::function<std::string()> work, std::function<void(const std::string& error)> done) {
  if (under_way_++ == 0) waits_since_ = boot_now();
  const auto error = std::make_shared<std::string>();
  worker_.run([work = std::move(work), error] { *error = work(); },
              [this, done = std::move(done), error] {
                --under_way_;
                waits_since_ = boot_now();
                done(*error);
                look_after(boot_now());
                if (std::exchange(decide_again_, false)) changed_();
              });
}

void GateKeeper::close() {
  if (!may_be_open_) failed_.clear();
  if (!may_be_open_ || closing_) return;
  closing_ = true;
  order([this] { return table_.close(); }, [this](const std::string& error) { closed(error); });
}

void GateKeeper::closed(const std::string& error) {
  closing_ = false;
  if (error.empty() && open_until_ != Instant{}) log(Priority::notice, "client gate: closed");
  open_until_ = {};
  may_be_open_ = !error.empty();
  failed_ = error.empty() ? "" : "the client gate cannot be closed: " + error;
  // It runs out all the same; and what is not there is put back closed.
  if (!error.empty()) next_look_ = {};
  decide_again_ |= error.empty();
}

void GateKeeper::ran_out(Instant now) {
  if (open_until_ == Instant{} || now < open_until_) return;
  const char* const why = slow_ ? "the kernel has not carried out an order in time"
                                : "the lease was not renewed in time, or this agent did not run";
  log(Priority::warning, std::string("client gate: closed by itself: ") + why);
  open_until_ = {};
}

// A reload of the host's firewall rules may take ours with it.
void GateKeeper::look_after(Instant now) {
  if (now < next_look_ || busy()) return;
  next_look_ = now + look_every;
  const auto changed = std::make_shared<bool>(false);
  order([this, changed] { return table_.mend(*changed); },
        [this, changed](const std::string& error) { looked(*changed, error); });
}

void GateKeeper::looked(bool changed, const std::string& error) {
  const std::string gate = "the client gate (nftables, table inet picket) ",
                    what = "was removed or changed by somebody";
  wrong_.clear();
  if (!error.empty()) wrong_ = gate + (changed ? what + ", and cannot be put back: " : "cannot be looked at: ") + error;
  if (!changed) return;
  open_until_ = {};
  if (!error.empty()) return;
  log(Priority::warning, gate + what + "; it has been put back");
  failed_.clear();
  decide_again_ = true;
}

void GateKeeper::open(const LeaseFacts& lease, Instant now) {
  const Instant until = lease.confirmed + life_;
  if (until <= open_until_ || until - now < GateTable::least) return;
  if (busy()) {
    decide_again_ = true;
    return;
  }
  may_be_open_ = true;
  order([this, until, latest = lease.valid_until] { return table_.open(until, latest); },
        [this, until](const std::string& error) { opened(until, error); });
}

void GateKeeper::opened(Instant until, const std::string& error) {
  if (error.empty()) {
    decide_again_ |= open_until_ == Instant{};
    if (open_until_ == Instant{}) log(Priority::notice, "client gate: open on port " + std::to_string(port_));
    open_until_ = until;
    failed_.clear();
    return;
  }
  // Late, which the next round mends; or the table is gone.
  failed_ = "the client gate cannot be opened: " + error;
  next_look_ = {};
}

std::string GateKeeper::problem() const {
  if (!wrong_.empty()) return wrong_;
  if (!slow_) return failed_;
  return "the client gate: the kernel has not carried out an order for more than a second; another program may be "
         "changing the rules of this host";
}

}  // namespace picket
