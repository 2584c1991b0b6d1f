#pragma once
// A connection to a D-Bus bus that lives on the loop (sd-bus(3)), reconnects by itself and never makes the loop wait.
// Every call ends: with a reply, with the error the other side sent, or with the reason why there was no reply within
// 500 ms.

#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "loop/lifetime.hpp"
#include "loop/loop.hpp"
#include "loop/sources.hpp"

namespace picket {

class Bus {
 public:
  /// No single call is waited for longer than this.
  static constexpr Millis call_timeout{500};
  static constexpr Millis first_retry{250}, last_retry{5000};

  /// Begins to connect; never throws for a bus that is not there. `address` as in DBUS_SESSION_BUS_ADDRESS; empty = the
  /// system bus. `changed` runs when connected() or why_not() has changed since the constructor; may be empty.
  Bus(Loop& loop, std::string address, std::function<void()> changed);
  /// Drops pending calls without calling anybody.
  ~Bus();
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// True from the end of the handshake until the connection is lost.
  bool connected() const { return connected_; }
  /// Why there is no connection, e.g. "D-Bus: connect: No such file or directory"; empty when connected.
  const std::string& why_not() const { return why_not_; }

  /// Adds the arguments to a call: sd_bus_message_append() and the like; returns a negative errno on failure.
  using Append = std::function<int(sd_bus_message*)>;
  /// `reply` is null exactly when `error` is not empty; it is only valid during the callback. The error names its
  /// source, e.g. "D-Bus: StopUnit: Access denied (org.freedesktop.DBus.Error.AccessDenied)".
  using Reply = std::function<void(sd_bus_message* reply, const std::string& error)>;
  /// `message` is only valid during the callback.
  using Handler = std::function<void(sd_bus_message* message)>;

  /// Calls systemd's `member` of `interface` at `path`. `reply` runs later, exactly once, never inside this call,
  /// unless `owner` or this object is gone by then.
  void call(const Lifetime::Watch& owner, const std::string& path, const std::string& interface,
            const std::string& member, const Append& append, Reply reply);

  /// Calls `handler` for every signal of systemd with this member, at this path (empty: any), for as long as `owner`
  /// lives. Signals are lost while there is no connection: look again in on_connected().
  void on_signal(const Lifetime::Watch& owner, const std::string& path, const std::string& interface,
                 const std::string& member, Handler handler);

  /// Calls `callback` whenever connected() has changed, for as long as `owner` lives. Not called for the state at the
  /// time of this call.
  void on_connection(const Lifetime::Watch& owner, std::function<void()> callback);

 private:
  struct Call;
  struct Signal;
  struct Listener;

  void open();
  int open_socket();
  void established();
  void drop(const std::string& why);
  void set_state(bool connected, const std::string& why);
  void install(Signal& signal);
  void finish(uint64_t id, sd_bus_message* reply, const std::string& error);
  void end_due_calls();
  void fail_later(uint64_t id, const std::string& error);

  Loop& loop_;
  std::string address_;
  std::function<void()> changed_;
  sd_bus* bus_ = nullptr;
  bool connected_ = false;
  std::string why_not_;
  Millis retry_{first_retry};
  Timer retry_timer_, handshake_timer_, due_timer_;
  uint64_t next_id_ = 1;
  std::map<uint64_t, std::unique_ptr<Call>> calls_;
  std::list<std::unique_ptr<Signal>> signals_;
  std::list<Listener> listeners_;
  Lifetime lifetime_;
};

}  // namespace picket
