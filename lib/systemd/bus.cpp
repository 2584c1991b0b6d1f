#include "systemd/bus.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

namespace picket {
namespace {

constexpr char systemd_name[] = "org.freedesktop.systemd1";
constexpr char system_bus[] = "unix:path=/run/dbus/system_bus_socket";

std::string error_text(const std::string& what, const sd_bus_error& error) {
  std::string text = "D-Bus: " + what + ": " + (error.message != nullptr ? error.message : "error");
  if (error.name != nullptr) text += " (" + std::string(error.name) + ")";
  return text;
}

std::string error_text(const std::string& what, int error) { return "D-Bus: " + what + ": " + strerror(-error); }

std::string in_ms(Millis time) { return std::to_string(time.count()) + " ms"; }

}  // namespace

struct Bus::Call {
  Bus* bus = nullptr;
  uint64_t id = 0;
  std::string member;
  Lifetime::Watch owner;
  Reply reply;
  sd_bus_slot* slot = nullptr;
  Instant deadline{};
  std::string error;  // not empty: has failed, and the caller is yet to be told
  ~Call() { sd_bus_slot_unref(slot); }
};

struct Bus::Signal {
  Bus* bus = nullptr;
  Lifetime::Watch owner;
  std::string path, interface, member;
  std::shared_ptr<const Handler> handler;
  sd_bus_slot* slot = nullptr;
  ~Signal() { sd_bus_slot_unref(slot); }
};

struct Bus::Listener {
  Lifetime::Watch owner;
  std::function<void()> callback;
};

Bus::Bus(Loop& loop, std::string address, std::function<void()> changed)
    : loop_(loop),
      address_(std::move(address)),
      why_not_("D-Bus: not connected yet"),
      retry_timer_(loop, [this] { open(); }),
      handshake_timer_(loop, [this] { drop("D-Bus: no answer to the handshake within " + in_ms(call_timeout)); }),
      due_timer_(loop, [this] { end_due_calls(); }) {
  if (address_.empty()) {
    const char* set = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
    address_ = set != nullptr ? set : system_bus;
  }
  open();
  changed_ = std::move(changed);  // what is known at the end of the constructor is no change
}

Bus::~Bus() {
  calls_.clear();
  signals_.clear();
  if (bus_ == nullptr) return;
  sd_bus_detach_event(bus_);
  sd_bus_close(bus_);  // without a flush, which could wait for the other side
  sd_bus_unref(bus_);
}

void Bus::open() {
  if (const int r = open_socket(); r < 0) {
    drop(error_text("connect", r));
    return;
  }
  handshake_timer_.start(call_timeout);
}

int Bus::open_socket() {
  int r = sd_bus_new(&bus_);
  if (r >= 0) r = sd_bus_set_address(bus_, address_.c_str());
  if (r >= 0) r = sd_bus_set_bus_client(bus_, 1);
  if (r >= 0) r = sd_bus_set_connected_signal(bus_, 1);
  if (r >= 0) r = sd_bus_start(bus_);
  if (r >= 0) r = sd_bus_attach_event(bus_, loop_.get(), SD_EVENT_PRIORITY_NORMAL);
  // The two signals of sd-bus itself: no message leaves the process for them. Floating: they go with the connection.
  constexpr char local[] = "org.freedesktop.DBus.Local";
  const auto on_connected = [](sd_bus_message*, void* self, sd_bus_error*) {
    auto* bus = static_cast<Bus*>(self);
    bus->loop_.guarded([bus] { bus->established(); });
    return 0;
  };
  const auto on_disconnected = [](sd_bus_message*, void* self, sd_bus_error*) {
    auto* bus = static_cast<Bus*>(self);
    bus->loop_.guarded([bus] {
      bus->drop(bus->connected_ ? "D-Bus: the connection was closed" : "D-Bus: the connection was refused");
    });
    return 0;
  };
  if (r >= 0)
    r = sd_bus_match_signal_async(bus_, nullptr, local, nullptr, local, "Connected", on_connected, nullptr, this);
  if (r >= 0)
    r = sd_bus_match_signal_async(bus_, nullptr, local, nullptr, local, "Disconnected", on_disconnected, nullptr, this);
  return r;
}

void Bus::established() {
  handshake_timer_.stop();
  retry_ = first_retry;
  std::erase_if(signals_, [](const auto& signal) { return signal->owner.expired(); });
  for (auto& signal : signals_) install(*signal);
  set_state(true, "");
}

void Bus::drop(const std::string& why) {
  handshake_timer_.stop();
  for (auto& signal : signals_) signal->slot = sd_bus_slot_unref(signal->slot);
  for (auto& [id, call] : calls_) {
    call->slot = sd_bus_slot_unref(call->slot);
    fail_later(id, "D-Bus: " + call->member + ": no answer: " + why);
  }
  if (bus_ != nullptr) {
    sd_bus_detach_event(bus_);
    sd_bus_close(bus_);
    bus_ = sd_bus_unref(bus_);
  }
  retry_timer_.start(retry_);
  retry_ = std::min(retry_ * 2, last_retry);
  set_state(false, why);
}

void Bus::set_state(bool connected, const std::string& why) {
  const bool turned = connected != connected_;
  const bool differs = turned || why != why_not_;
  connected_ = connected;
  why_not_ = why;
  const auto self = lifetime_.watch();
  if (turned) {
    std::erase_if(listeners_, [](const Listener& listener) { return listener.owner.expired(); });
    const auto listeners = listeners_;
    for (const auto& listener : listeners) {
      if (!listener.owner.expired()) listener.callback();
      if (self.expired()) return;
    }
  }
  const auto changed = changed_;
  if (differs && changed) changed();
}

void Bus::call(const Lifetime::Watch& owner, const std::string& path, const std::string& interface,
               const std::string& member, const Append& append, Reply reply) {
  const uint64_t id = next_id_++;
  auto& call = *calls_.emplace(id, std::make_unique<Call>()).first->second;
  call.bus = this;
  call.id = id;
  call.member = member;
  call.deadline = boot_now() + call_timeout;
  call.owner = owner;
  call.reply = std::move(reply);
  if (!connected_) {
    fail_later(id, why_not_);
    return;
  }
  sd_bus_message* message = nullptr;
  int r = sd_bus_message_new_method_call(bus_, &message, systemd_name, path.c_str(), interface.c_str(), member.c_str());
  if (r >= 0) r = sd_bus_message_set_auto_start(message, 0);
  if (r >= 0 && append) r = append(message);
  if (r >= 0)
    r = sd_bus_call_async(
        bus_, &call.slot, message,
        [](sd_bus_message* answer, void* data, sd_bus_error*) {
          const auto* done = static_cast<Call*>(data);
          Bus* bus = done->bus;
          bus->loop_.guarded([bus, done, answer] {
            const sd_bus_error* error = sd_bus_message_get_error(answer);
            bus->finish(done->id, answer, error != nullptr ? error_text(done->member, *error) : "");
          });
          return 0;
        },
        &call, UINT64_MAX);
  sd_bus_message_unref(message);
  if (r < 0) fail_later(id, error_text(member, r));
  if (!due_timer_.armed()) due_timer_.start(call_timeout);
}

// The deadlines are kept here and not by sd-bus, whose timers are allowed to be 250 ms late.
void Bus::end_due_calls() {
  const Instant now = boot_now();
  std::vector<std::pair<uint64_t, std::string>> due;
  for (const auto& [id, call] : calls_) {
    if (!call->error.empty()) {
      due.emplace_back(id, call->error);
    } else if (call->deadline <= now) {
      due.emplace_back(id, "D-Bus: " + call->member + ": no answer within " + in_ms(call_timeout));
    }
  }
  const auto self = lifetime_.watch();
  for (const auto& [id, error] : due) {
    finish(id, nullptr, error);
    if (self.expired()) return;
  }
  // The calls are in the order of their deadlines; one that failed during the callbacks has armed the timer already.
  if (!calls_.empty() && !due_timer_.armed()) due_timer_.start(calls_.begin()->second->deadline - boot_now());
}

void Bus::fail_later(uint64_t id, const std::string& error) {
  auto& call = *calls_.at(id);
  if (call.error.empty()) call.error = error;
  due_timer_.start(Millis{0});
}

void Bus::finish(uint64_t id, sd_bus_message* reply, const std::string& error) {
  auto node = calls_.extract(id);
  if (node.empty() || node.mapped()->owner.expired()) return;
  const auto callback = std::move(node.mapped()->reply);
  node = {};  // the slot is gone before the callback may destroy this object
  if (callback) callback(error.empty() ? reply : nullptr, error);
}

void Bus::on_signal(const Lifetime::Watch& owner, const std::string& path, const std::string& interface,
                    const std::string& member, Handler handler) {
  auto signal = std::make_unique<Signal>();
  signal->bus = this;
  signal->owner = owner;
  signal->path = path;
  signal->interface = interface;
  signal->member = member;
  signal->handler = std::make_shared<const Handler>(std::move(handler));
  if (connected_) install(*signal);
  signals_.push_back(std::move(signal));
}

void Bus::install(Signal& signal) {
  // Without a callback for the end of the installation, a refused match closes the connection: drop() then says so and
  // all is tried again.
  const int r = sd_bus_match_signal_async(
      bus_, &signal.slot, systemd_name, signal.path.empty() ? nullptr : signal.path.c_str(), signal.interface.c_str(),
      signal.member.c_str(),
      [](sd_bus_message* message, void* data, sd_bus_error*) {
        const auto* heard = static_cast<Signal*>(data);
        if (heard->owner.expired()) return 0;
        const auto handler = heard->handler;
        heard->bus->loop_.guarded([&] { (*handler)(message); });
        return 0;
      },
      nullptr, &signal);
  if (r < 0) sd_bus_close(bus_);
}

void Bus::on_connection(const Lifetime::Watch& owner, std::function<void()> callback) {
  listeners_.push_back({owner, std::move(callback)});
}

}  // namespace picket
