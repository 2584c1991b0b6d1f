#pragma once
// The lease in the world: drives the machine (core/lease.hpp) by the loop's clock, carries its messages over the peer
// link, and has its promises on disk before anything that follows from them leaves. Decides nothing: what is wanted of
// the lease comes with each verdict, and what the lease is goes onto the board.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "control_client.hpp"
#include "core/lease.hpp"
#include "lease/held_note.hpp"
#include "lease/outbox.hpp"
#include "peers/link.hpp"
#include "report/snapshot.hpp"

namespace picket {

/// The key or the promise cannot be read: nothing that a restart would mend.
struct CannotVote : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where a voter keeps its promise; it is there once it has voted.
std::string promise_path(const Config& config);

/// The times of the lease, which all voters have alike.
LeaseTiming timing_of(const Config& config);

class LeaseKeeper {
 public:
  /// `self` is one of the configured voters. `changed` runs on the loop when facts() may have changed: the lease was
  /// won, renewed after a pause, ended or lost. `names` must outlive this. Throws CannotVote when the key or
  /// the promise cannot be read, std::runtime_error when the port cannot be had.
  LeaseKeeper(Loop& loop, Worker& names, const Config& config, int self, std::function<void()> changed);
  ~LeaseKeeper();

  LeaseFacts facts() const;

  /// After each decision: what is wanted, what this node asks with, and what the others are told of it. Nothing is
  /// given back while the client gate may be open.
  void decided(const Snapshot& snapshot);

  /// What the others are told of repmgrd's times here, and what theirs are compared with.
  void tell_times(const FailoverTimes& times) { report_.failover = times; }

  /// repmgrd is about to promote this standby, or a promotion is about to be carried out: asks for the lease, and keeps
  /// asking for as long as this is repeated. 0: it is held, go on; 1: not yet, with the reason; 2: it may not be.
  ControlReply ask_for_promotion(const Snapshot& snapshot, bool carried_out);

  /// The operator accepts what is lost should the newest holder never come back: it is no rival any more.
  void forget_the_holder() { forgotten_ = lease_.won_term; }

  std::vector<AgentLink> links() const;
  std::vector<std::string> problems() const;

 private:
  void tick();
  void heard(const Heard& heard);
  void take(LeaseStep step);
  void note_lease();
  Instant end_of_lease() const;
  void tell_report();
  void watch_the_end();
  bool is_bound_to_another() const { return lease_.promise.to != setup_.self && boot_now() < lease_.bound_until; }
  std::string why_not() const;
  void note_denial(int voter, const LeaseMessage& denial);

  LeaseSetup setup_;
  const std::string note_path_;
  const Millis promote_within_;
  std::function<void()> changed_;
  Lease lease_;
  LeaseInput input_;
  PeerReport report_;
  struct Word {
    PeerReport report;
    Instant at{};
  };
  std::map<int, Word> words_;      // of each peer, the latest
  std::map<int, Denial> denials_;  // of this candidacy, the latest of each voter
  Instant campaign_until_{};
  bool was_valid_ = false;
  std::optional<HeldNote> noted_;  // as it lies in the run-time directory
  std::string note_error_;
  Instant inherited_until_ = Lease::never;  // what an earlier run of this boot was granted
  Term forgotten_ = 0;                      // holders up to this one are no rivals
  Term asked_ = 0;                          // denials_ answer a request for this one

  std::unique_ptr<PeerLink> link_;
  std::unique_ptr<Outbox> outbox_;
  Timer each_, end_;
  Instant next_report_{};
};

}  // namespace picket
