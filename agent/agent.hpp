#pragma once
// The shell around the decision. Its life is one sentence, repeated: observe, decide, apply. Every effect is asserted
// again on each round until the facts agree; nothing hangs on having seen an edge.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "control_client.hpp"
#include "core/decide.hpp"
#include "failover_watch.hpp"
#include "fence/ladder.hpp"
#include "fence/marker_store.hpp"
#include "flight/recorder.hpp"
#include "journal.hpp"
#include "keepalived/vrrp_files.hpp"
#include "last_resort.hpp"
#include "lease/gate_keeper.hpp"
#include "lease/keeper.hpp"
#include "maintenance.hpp"
#include "observers.hpp"
#include "rejoin/automatic.hpp"
#include "report/snapshot.hpp"
#include "resume.hpp"
#include "systemd/notify.hpp"
#include "withdrawal.hpp"

namespace picket {

class Agent {
 public:
  /// Begins to observe and to decide. All references must outlive this. Throws when the configuration cannot work.
  /// `marker_disk` must be used for nothing else: a data disk that hangs must not keep the marker from being written.
  Agent(Loop& loop, Worker& disk, Worker& marker_disk, Worker& names, Bus& bus, Notify& notify,
        FlightRecorder& recorder, const Config& config, const RepmgrConf& repmgr);
  ~Agent();

  /// The current verdict with its facts; null before the first.
  const Snapshot* snapshot() const { return snapshot_.decided != Instant{} ? &snapshot_ : nullptr; }
  const Signals& signals() const { return signals_; }
  const Policy& policy() const { return config_.policy; }
  /// How it is now, with all that the next decision will be made from.
  FlightRecord live() const;

  // Orders of the operator, by way of the control socket. Each returns what to tell him.
  ControlReply fence(const std::string& why, const std::string& who);
  /// A stale marker only when `accepted`: whoever lifts it may lose what was written since.
  ControlReply unfence(const std::string& who, bool accepted);
  /// Of the way back: whatever becomes of it, nobody may start this node as a primary meanwhile.
  void mark_stale(const std::string& sentence);
  ControlReply maintain(Millis length, const std::string& reason, const std::string& who);
  ControlReply end_maintenance(const std::string& who);
  /// Of repmgr's hooks: see LeaseKeeper. Without a lease nobody is kept from a promotion.
  ControlReply ask_for_promotion(bool carried_out);
  void heard(const NotifyEvent& event) { observers_.heard(event); }

 private:
  void round();
  void apply(const Verdict& verdict);
  bool publish(const Step& step, Board board, Instant now);
  Policy policy_now() const;
  void act(const Verdict& verdict);
  void stop(const Verdict& verdict);
  void call_off(const Verdict& verdict);
  void start();
  void start_unit(const std::string& unit);
  void start_failed(const std::string& error);
  void read_note(Board& board);
  void report_fence();
  void report_problems();
  bool acts() const { return config_.policy.level != Level::observe; }

  Loop& loop_;
  FlightRecorder& recorder_;
  const Config& config_;
  Journal journal_;
  Timer soon_, each_poll_;  // first: adapters call back while they are being made
  Units units_;
  MarkerStore marker_;
  Observers observers_;
  FailoverWatch failover_;
  VrrpFiles vrrp_;
  SessionCutter cutter_;
  Ladder ladder_;
  Withdrawal withdrawal_;
  // With lease.client_gate. Made and ended where no watchdog is armed: a busy kernel may keep it waiting.
  std::unique_ptr<GateKeeper> gate_;
  LastResort last_resort_;
  AutoRejoin rejoin_;
  Resume resume_;
  MaintenanceNote maintenance_;
  std::unique_ptr<LeaseKeeper> lease_;  // at level lease
  Memory memory_;
  Signals signals_;
  Snapshot snapshot_;
  std::optional<StartRefusal> start_refused_;  // as last read
  bool note_may_be_there_ = true;
  bool starting_ = false;
  std::string start_error_;  // of the latest start, if it failed
  Instant last_start_{}, last_climb_{};
  std::string address_error_, resume_error_;
  std::string logged_phase_;
  Lifetime lifetime_;
};

}  // namespace picket
