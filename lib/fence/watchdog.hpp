#pragma once
// Rung F7 of the ladder: a watchdog that resets this machine when a fence cannot be proved. It is open only while there
// is something to guard, fed from the loop, and starved when the ladder has failed. A loop that hangs feeds nothing
// either. What is wanted of it is said again in every round; what is already so costs nothing.

#include <functional>
#include <memory>
#include <string>

#include "fence/watchdog_device.hpp"
#include "loop/sources.hpp"
#include "loop/worker.hpp"

namespace picket {

class Watchdog {
 public:
  static constexpr Millis retry_every{30'000};  ///< after a device could not be opened or let go

  /// `timeout` is asked of the device; it is fed four times as often. `say` gets a sentence whenever it was opened, let
  /// go or left to starve, or could not be, the same failure once; it may be empty.
  Watchdog(Loop& loop, std::unique_ptr<WatchdogDevice> device, Millis timeout,
           std::function<void(const std::string&)> say);
  /// Lets it go, but not while it starves: the end of the agent must not save a machine whose fence is not proved.
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// There is a primary here to guard: opens it, and feeds it from now on.
  void arm();
  /// Goes on feeding what is open, and opens nothing.
  void keep();
  /// The fence is not proved: feeds it no more. Opens nothing. keep(), arm() and release() end it, if there is time.
  void starve();
  /// Nothing is left to guard: lets it go. A device that cannot be let go is fed instead.
  void release();

  /// It is open, or may be: the machine depends on being fed.
  bool armed() const { return touched_; }

 private:
  enum class Wanted : uint8_t { released, fed, starved };
  void step();
  void open();
  void opened(const WatchdogDevice::Opened& result);
  void feed();
  void let_go();
  void tell(const std::string& sentence);
  void run(std::function<std::string()> call, std::function<void(const std::string& error)> done);

  const std::shared_ptr<WatchdogDevice> device_;  // shared with the worker's jobs
  const Millis timeout_;
  std::function<void(const std::string&)> say_;
  Wanted wanted_ = Wanted::released;
  bool touched_ = false;  // it was opened or is being opened
  bool open_ = false, closable_ = true;
  bool busy_ = false;  // a call is under way on the worker; perhaps it hangs
  bool starving_told_ = false;
  Instant not_before_{};  // of the next attempt to open or to let go
  std::string last_failure_;
  Timer feeding_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace picket
