#include "systemd/fake_systemd.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace picket::test {
namespace {

constexpr char manager_path[] = "/org/freedesktop/systemd1";
constexpr char manager[] = "org.freedesktop.systemd1.Manager";
constexpr char unit_interface[] = "org.freedesktop.systemd1.Unit";
constexpr char service_interface[] = "org.freedesktop.systemd1.Service";
constexpr char job_interface[] = "org.freedesktop.systemd1.Job";
constexpr char absent_path[] = "/org/freedesktop/systemd1/unit/nowhere_2eservice";

void check(int r, const char* what) {
  if (r < 0) throw std::runtime_error(std::string(what) + ": " + strerror(-r));
}

std::string order_text(sd_bus_message* message) {
  std::string text = sd_bus_message_get_member(message);
  char type = 0;
  const char* contents = nullptr;
  while (sd_bus_message_peek_type(message, &type, &contents) > 0) {
    const char* word = nullptr;
    int32_t number = 0;
    if (type == 's') {
      sd_bus_message_read(message, "s", &word);
      text += " " + std::string(word);
    } else {
      sd_bus_message_read(message, "i", &number);
      text += " " + std::to_string(number);
    }
  }
  return text;
}

}  // namespace

// The macros of sd-bus use C casts.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wpedantic"

FakeSystemd::FakeSystemd(Loop& loop, const std::string& address) {
  static const sd_bus_vtable manager_vtable[] = {
      SD_BUS_VTABLE_START(0),
      SD_BUS_METHOD("Subscribe", "", "", manager_call, SD_BUS_VTABLE_UNPRIVILEGED),
      SD_BUS_METHOD("StopUnit", "ss", "o", manager_call, SD_BUS_VTABLE_UNPRIVILEGED),
      SD_BUS_METHOD("StartUnit", "ss", "o", manager_call, SD_BUS_VTABLE_UNPRIVILEGED),
      SD_BUS_METHOD("KillUnit", "ssi", "", manager_call, SD_BUS_VTABLE_UNPRIVILEGED),
      SD_BUS_METHOD("ResetFailedUnit", "s", "", manager_call, SD_BUS_VTABLE_UNPRIVILEGED),
      SD_BUS_METHOD("GetUnitByPID", "u", "o", manager_call, SD_BUS_VTABLE_UNPRIVILEGED),
      SD_BUS_VTABLE_END};
  static const sd_bus_vtable unit_vtable[] = {
      SD_BUS_VTABLE_START(0),
      SD_BUS_PROPERTY("Id", "s", get, 0, 0),
      SD_BUS_PROPERTY("LoadState", "s", get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
      SD_BUS_PROPERTY("ActiveState", "s", get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
      SD_BUS_PROPERTY("SubState", "s", get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
      SD_BUS_PROPERTY("Job", "(uo)", get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
      SD_BUS_VTABLE_END};
  static const sd_bus_vtable service_vtable[] = {SD_BUS_VTABLE_START(0),
                                                 SD_BUS_PROPERTY("ControlGroup", "s", get, 0, 0), SD_BUS_VTABLE_END};
  static const sd_bus_vtable job_vtable[] = {SD_BUS_VTABLE_START(0), SD_BUS_PROPERTY("JobType", "s", get, 0, 0),
                                             SD_BUS_VTABLE_END};
  check(sd_bus_new(&bus_), "sd_bus_new");
  check(sd_bus_set_address(bus_, address.c_str()), "address");
  check(sd_bus_set_bus_client(bus_, 1), "client");
  check(sd_bus_start(bus_), "start");
  add_vtable(manager_path, manager, manager_vtable);
  for (const char* path : {unit_path, absent_path}) {
    add_vtable(path, unit_interface, unit_vtable);
    add_vtable(path, service_interface, service_vtable);
  }
  add_vtable(job_path(7).c_str(), job_interface, job_vtable);
  check(sd_bus_add_filter(bus_, nullptr, filter, this), "filter");
  check(sd_bus_request_name(bus_, "org.freedesktop.systemd1", 0), "name");
  check(sd_bus_attach_event(bus_, loop.get(), 0), "attach");
}

#pragma GCC diagnostic pop

FakeSystemd::~FakeSystemd() {
  sd_bus_detach_event(bus_);
  sd_bus_close(bus_);
  sd_bus_unref(bus_);
}

void FakeSystemd::add_vtable(const char* path, const char* interface, const sd_bus_vtable* vtable) {
  check(sd_bus_add_object_vtable(bus_, nullptr, path, interface, vtable, this), interface);
}

std::string FakeSystemd::job_path(uint32_t id) { return "/org/freedesktop/systemd1/job/" + std::to_string(id); }

int FakeSystemd::filter(sd_bus_message* message, void* self, sd_bus_error*) {
  uint8_t type = 0;
  sd_bus_message_get_type(message, &type);
  return static_cast<FakeSystemd*>(self)->mood == Mood::hangs && type == SD_BUS_MESSAGE_METHOD_CALL ? 1 : 0;
}

int FakeSystemd::get(sd_bus*, const char* path, const char*, const char* property, sd_bus_message* reply, void* data,
                     sd_bus_error*) {
  const auto* self = static_cast<FakeSystemd*>(data);
  const std::string name = property;
  const bool absent = std::string(path) == absent_path;
  if (name == "Job")
    return sd_bus_message_append(reply, "(uo)", self->job, self->job != 0 ? job_path(self->job).c_str() : "/");
  std::string value;
  if (name == "Id") value = absent ? absent_unit : unit;
  if (name == "LoadState") value = absent ? "not-found" : "loaded";
  if (name == "ActiveState") value = absent ? "inactive" : self->active_state;
  if (name == "SubState") value = absent ? "dead" : self->sub_state;
  if (name == "ControlGroup") value = self->control_group;
  if (name == "JobType") value = self->job_type;
  return sd_bus_message_append(reply, "s", value.c_str());
}

int FakeSystemd::job_reply(sd_bus_message* message) {
  const uint32_t id = next_job_++;
  if (job_ends_before_reply) emit_job_removed(id, "done");
  return sd_bus_reply_method_return(message, "o", job_path(id).c_str());
}

int FakeSystemd::manager_call(sd_bus_message* message, void* data, sd_bus_error* error) {
  auto* self = static_cast<FakeSystemd*>(data);
  const std::string member = sd_bus_message_get_member(message);
  if (member == "Subscribe") {
    if (self->subscribed)
      return sd_bus_error_set(error, "org.freedesktop.systemd1.AlreadySubscribed", "Client is already subscribed.");
    self->subscribed = true;
    return sd_bus_reply_method_return(message, "");
  }
  if (member == "GetUnitByPID") {
    uint32_t pid = 0;
    sd_bus_message_read(message, "u", &pid);
    if (pid != static_cast<uint32_t>(getpid()))
      return sd_bus_error_set(error, "org.freedesktop.systemd1.NoUnitForPID",
                              "PID does not belong to any loaded unit.");
    return sd_bus_reply_method_return(message, "o", unit_path);
  }
  const std::string order = order_text(message);
  self->orders.push_back(order);
  if (self->mood == Mood::denies) return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "Permission denied");
  if (self->on_order) self->on_order(order);
  if (member == "StopUnit" || member == "StartUnit") return self->job_reply(message);
  return sd_bus_reply_method_return(message, "");
}

void FakeSystemd::emit_properties_changed() {
  if (subscribed)
    sd_bus_emit_properties_changed(bus_, unit_path, unit_interface, "ActiveState", "SubState", "Job", nullptr);
}

void FakeSystemd::emit_job_removed(uint32_t id, const std::string& result) {
  if (subscribed)
    sd_bus_emit_signal(bus_, manager_path, manager, "JobRemoved", "uoss", id, job_path(id).c_str(), unit,
                       result.c_str());
}

}  // namespace picket::test
