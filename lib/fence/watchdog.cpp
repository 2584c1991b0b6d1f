#include "fence/watchdog.hpp"

#include <utility>

namespace picket {

Watchdog::Watchdog(Loop& loop, std::unique_ptr<WatchdogDevice> device, Millis timeout,
                   std::function<void(const std::string&)> say)
    : device_(std::move(device)),
      timeout_(timeout),
      say_(std::move(say)),
      feeding_(loop, [this] { feed(); }),
      worker_(std::make_unique<Worker>(loop)) {}

Watchdog::~Watchdog() {
  worker_.reset();  // waits for the call that is under way
  if (touched_ && wanted_ != Wanted::starved) device_->release();
}

void Watchdog::arm() {
  wanted_ = Wanted::fed;
  if (!open_)
    open();
  else
    step();
}

void Watchdog::keep() {
  if (wanted_ == Wanted::starved) wanted_ = Wanted::fed;
  step();
}

void Watchdog::starve() {
  if (!open_) return;
  wanted_ = Wanted::starved;
  if (!std::exchange(starving_told_, true))
    tell("the watchdog is not fed any more: this machine is reset within " + std::to_string(timeout_.count() / 1000) +
         " s unless PostgreSQL is proved dead before");
}

void Watchdog::release() {
  wanted_ = Wanted::released;
  step();
}

void Watchdog::step() {
  if (!open_) return;
  if (wanted_ != Wanted::starved && std::exchange(starving_told_, false)) {
    tell("the watchdog is fed again");
    feed();
  }
  if (wanted_ == Wanted::released && closable_) let_go();
}

void Watchdog::open() {
  if (busy_ || boot_now() < not_before_) return;
  touched_ = true;
  const auto result = std::make_shared<WatchdogDevice::Opened>();
  run(
      [device = device_, timeout = timeout_, result] {
        *result = device->open(timeout);
        return std::string{};
      },
      [this, result](const std::string&) { opened(*result); });
}

void Watchdog::opened(const WatchdogDevice::Opened& result) {
  if (!result.error.empty()) {
    touched_ = false;
    not_before_ = boot_now() + retry_every;
    if (result.error != std::exchange(last_failure_, result.error))
      tell("the watchdog cannot be used: " + result.error);
    return;
  }
  last_failure_.clear();
  open_ = true;
  closable_ = result.closable;
  if (!result.note.empty()) tell(result.note);
  tell("the watchdog guards this primary: the machine is reset " + std::to_string(result.timeout.count() / 1000) +
       " s after it was last fed");
  feeding_.every(std::min(timeout_, result.timeout) / 4);
  step();
}

void Watchdog::feed() {
  // One that does not come back is not followed by others: they would feed it late.
  if (!open_ || busy_ || wanted_ == Wanted::starved) return;
  run([device = device_] { return device->feed(); },
      [this](const std::string& error) {
        if (error != std::exchange(last_failure_, error) && !error.empty())
          tell("the watchdog cannot be fed: " + error);
        step();
      });
}

void Watchdog::let_go() {
  if (busy_ || boot_now() < not_before_) return;
  run([device = device_] { return device->release(); },
      [this](const std::string& error) {
        if (!error.empty()) {
          not_before_ = boot_now() + retry_every;
          if (error != std::exchange(last_failure_, error)) tell("the watchdog cannot be let go: " + error);
          return;
        }
        open_ = touched_ = false;
        last_failure_.clear();
        feeding_.stop();
        tell("the watchdog is let go");
        if (wanted_ == Wanted::fed) open();
      });
}

// The worker is ours and ends with us, so what it hands back always finds us here.
void Watchdog::run(std::function<std::string()> call, std::function<void(const std::string&)> done) {
  busy_ = true;
  const auto error = std::make_shared<std::string>();
  worker_->run([call = std::move(call), error] { *error = call(); },
               [this, error, done = std::move(done)] {
                 busy_ = false;
                 done(*error);
               });
}

void Watchdog::tell(const std::string& sentence) {
  if (say_) say_(sentence);
}

}  // namespace picket
