#pragma once
// A stand-in for org.freedesktop.systemd1 on a private bus, running on the test's own loop. The real one needs to be
// PID 1, which a test cannot give it, and cannot be made to hang or to deny on demand; the integration lab uses the
// real one. It answers only what picket asks, with the types of org.freedesktop.systemd1(5), and sends signals only to
// subscribers.

#include <systemd/sd-bus.h>

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "loop/loop.hpp"

namespace picket::test {

class FakeSystemd {
 public:
  static constexpr char unit[] = "postgresql@15-main.service";
  static constexpr char unit_path[] = "/org/freedesktop/systemd1/unit/postgresql_4015_2dmain_2eservice";
  static constexpr char absent_unit[] = "nowhere.service";

  /// Takes the name on the bus at `address`; throws when that fails.
  FakeSystemd(Loop& loop, const std::string& address);
  ~FakeSystemd();
  FakeSystemd(const FakeSystemd&) = delete;
  FakeSystemd& operator=(const FakeSystemd&) = delete;

  enum class Mood { answers, hangs, denies };
  Mood mood = Mood::answers;  ///< denies: every order to a unit, as polkit would; looking stays allowed
  std::string active_state = "active", sub_state = "running";
  std::string control_group = "/system.slice/system-postgresql.slice/postgresql@15-main.service";
  uint32_t job = 0;  ///< number of the queued job, 0 none
  std::string job_type = "stop";
  bool job_ends_before_reply = false;
  bool subscribed = false;
  std::vector<std::string> orders;  ///< "StopUnit NAME replace", "KillUnit NAME all 9", in the order received
  std::function<void(const std::string& order)> on_order;

  void emit_properties_changed();
  void emit_job_removed(uint32_t id, const std::string& result);
  static std::string job_path(uint32_t id);

 private:
  static int filter(sd_bus_message* message, void* self, sd_bus_error* error);
  static int manager_call(sd_bus_message* message, void* self, sd_bus_error* error);
  static int get(sd_bus* bus, const char* path, const char* interface, const char* property, sd_bus_message* reply,
                 void* self, sd_bus_error* error);
  void add_vtable(const char* path, const char* interface, const sd_bus_vtable* vtable);
  int job_reply(sd_bus_message* message);

  sd_bus* bus_ = nullptr;
  uint32_t next_job_ = 100;
};

}  // namespace picket::test
