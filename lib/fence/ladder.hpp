#pragma once
// The fence ladder: stops one PostgreSQL server for certain, and says how. Each rung has its own deadline and none
// waits for D-Bus: systemd is asked and the processes are signalled directly at the same time. It never gives up: what
// cannot be proved dead is killed again every second (docs/safety.md, "The ladder").

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/verdict.hpp"
#include "fence/proof.hpp"
#include "fence/session_rung.hpp"
#include "fence/signals.hpp"
#include "loop/sources.hpp"
#include "systemd/units.hpp"

namespace picket {

/// One thing that was done, and how it ended.
struct Rung {
  std::string what;     ///< "StopUnit postgresql@15-main.service", "SIGQUIT to process 4711", ...
  Millis at{0};         ///< since the decision
  Millis ended{0};      ///< since the decision; meaningful when `outcome` is not empty
  std::string outcome;  ///< empty while it is under way; "accepted", "sent", or an error
};

struct Progress {
  std::string phase = "idle";  ///< "idle", "stopping", "killing", "proving", "proved", "not proved"
  Action action = Action::none;
  Instant decided{};
  Millis total{0};          ///< from the decision to the proof, or to the latest look
  std::string proof;        ///< what the latest look saw
  std::vector<Rung> rungs;  ///< the first 40: what is repeated later is not listed
};

class Ladder {
 public:
  static constexpr Millis fast_budget{2000};  ///< SIGINT until SIGKILL
  static constexpr Millis now_budget{700};    ///< SIGQUIT until SIGKILL
  static constexpr Millis look_every{50};
  static constexpr Millis prove_within{2500};  ///< then the phase is "not proved"
  static constexpr Millis again_every{1000};   ///< and everything is killed again this often

  /// `changed` runs on the loop whenever the phase has changed, and at each new rung's end. `cutter` ends the clients'
  /// sessions (session_rung.hpp); null: they end with the server.
  Ladder(Loop& loop, Units& units, std::function<void()> changed, SessionCutter* cutter = nullptr);

  /// The first rung of climb() alone, for a caller that has something to do between it and the others: to close the
  /// gate, upon which the address leaves. What it did is told with that climb.
  void cut_sessions(const FenceTarget& target, Action action);

  /// Begins to stop the server; a server that is already dead is proved so before this returns. While climbing with the
  /// same data directory it only strengthens (fast -> now -> kill) and takes over what the target newly knows. `action`
  /// is stop_fast, stop_now or kill_rest; anything else throws std::invalid_argument. kill_rest kills what has
  /// lost its postmaster now, and nothing else: a server that lives, or is started meanwhile, is left alone, and the
  /// phase ends as "idle".
  void climb(FenceTarget target, Action action);

  /// Ends the climb without a proof: there is no reason any more. The phase is "idle".
  void cancel();

  /// A rung that somebody else climbs meanwhile, for progress(). Call the result with the outcome, once; it is dropped
  /// if this climb is over by then.
  std::function<void(const std::string& outcome)> rung(std::string what);

  /// True from climb() until the proof (also in phase "not proved").
  bool climbing() const { return climbing_; }
  const Progress& progress() const { return progress_; }
  /// Of the latest climb(): for a caller that wants to look again.
  const FenceTarget& target() const { return target_; }

 private:
  void begin(FenceTarget target, Action action);
  void strengthen(FenceTarget target, Action action);
  void ask_politely();
  void kill_now();
  bool kill_directly();
  void signal_directly(const std::vector<ServerProcess>& processes, int signal);
  void stop_unit();
  void kill_unit(const std::string& who, int signal);
  void tick();
  void climb_on();
  void cut_again();
  bool proved();
  void end(const std::string& phase);
  void set_phase(const std::string& phase);
  void tell();
  size_t begin_rung(std::string what);
  void end_rung(size_t number, const std::string& outcome);
  Millis since() const { return boot_now() - progress_.decided; }

  Units& units_;
  std::function<void()> changed_;
  SessionRung sessions_;
  bool cut_ahead_ = false;              // cut_sessions() has begun what the next climb tells
  std::optional<size_t> session_rung_;  // its number in `progress_`
  FenceTarget target_;
  std::optional<Prover> prover_;
  Progress progress_;
  bool climbing_ = false;
  bool killed_ = false;
  bool untold_ = false;                             // something changed since `changed` was called last
  Instant deadline_{};                              // of the polite rung
  Instant last_kill_{};                             // of the unit
  std::optional<std::vector<ServerProcess>> rest_;  // kill_rest: the processes that were there, and no others
  size_t climb_number_ = 0;                         // tells a late answer to an earlier climb
  Timer timer_;
  Lifetime lifetime_;
};

}  // namespace picket
