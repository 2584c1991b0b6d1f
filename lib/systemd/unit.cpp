#include "systemd/unit.hpp"

#include <cstdlib>
#include <utility>

#include "loop/read_file.hpp"

namespace picket {
namespace {

constexpr char manager_path[] = "/org/freedesktop/systemd1";
constexpr char manager[] = "org.freedesktop.systemd1.Manager";
constexpr char unit_prefix[] = "/org/freedesktop/systemd1/unit";
constexpr char properties[] = "org.freedesktop.DBus.Properties";

std::string unit_path(const std::string& name) {
  char* path = nullptr;
  if (sd_bus_path_encode(unit_prefix, name.c_str(), &path) < 0) throw std::bad_alloc();
  std::string result = path;
  free(path);
  return result;
}

std::string strings(sd_bus_message* message, const char* contents) {
  const char* text = nullptr;
  if (sd_bus_message_enter_container(message, 'v', contents) < 0) return {};
  if (sd_bus_message_read_basic(message, contents[0], &text) < 0) return {};
  std::string result = text != nullptr ? text : "";
  sd_bus_message_exit_container(message);
  return result;
}

struct UnitProperties {
  std::string load_state, active_state, sub_state, job_path;
};

// The a{sv} of GetAll. False when the reply is not what GetAll returns.
bool read_properties(sd_bus_message* message, UnitProperties& out) {
  if (sd_bus_message_enter_container(message, 'a', "{sv}") < 0) return false;
  while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
    const char* key = nullptr;
    if (sd_bus_message_read_basic(message, 's', &key) < 0) return false;
    const std::string name = key;
    if (name == "LoadState") {
      out.load_state = strings(message, "s");
    } else if (name == "ActiveState") {
      out.active_state = strings(message, "s");
    } else if (name == "SubState") {
      out.sub_state = strings(message, "s");
    } else if (name == "Job") {
      uint32_t id = 0;
      const char* path = nullptr;
      if (sd_bus_message_read(message, "v", "(uo)", &id, &path) < 0) return false;
      if (id != 0) out.job_path = path;
    } else if (sd_bus_message_skip(message, "v") < 0) {
      return false;
    }
    if (sd_bus_message_exit_container(message) < 0) return false;
  }
  return !out.active_state.empty();
}

bool same(const UnitFacts& a, const UnitFacts& b) {
  return a.known == b.known && a.why_unknown == b.why_unknown && a.name == b.name && a.active_state == b.active_state &&
         a.sub_state == b.sub_state && a.job == b.job && a.control_group == b.control_group;
}

}  // namespace

UnitWatch::UnitWatch(Loop& loop, Bus& bus, std::string name, std::function<void()> changed)
    : bus_(bus), name_(std::move(name)), path_(unit_path(name_)), timer_(loop, [this] { look_now(); }) {
  facts_.name = name_;
  facts_.why_unknown = "systemd has not been asked yet";
  bus_.on_connection(lifetime_.watch(), [this] { connection_changed(); });
  bus_.on_signal(lifetime_.watch(), path_, properties, "PropertiesChanged", [this](sd_bus_message*) { look_now(); });
  timer_.every(look_every);
  connection_changed();
  changed_ = std::move(changed);  // what is known at the end of the constructor is no change
}

void UnitWatch::connection_changed() {
  if (!bus_.connected()) {
    unknown(bus_.why_not());
    return;
  }
  look_now();
}

void UnitWatch::look_now() {
  if (looking_) {
    again_ = true;
    return;
  }
  look();
}

void UnitWatch::look() {
  looking_ = true;
  again_ = false;
  // Without a subscriber systemd sends no signals. Asked again after every failure: the systemd that answers next may
  // be another one. That we are subscribed already is an error we like.
  if (!facts_.known) bus_.call(lifetime_.watch(), manager_path, manager, "Subscribe", {}, {});
  bus_.call(
      lifetime_.watch(), path_, properties, "GetAll",
      [](sd_bus_message* message) { return sd_bus_message_append(message, "s", "org.freedesktop.systemd1.Unit"); },
      [this](sd_bus_message* reply, const std::string& error) { properties_read(reply, error); });
}

void UnitWatch::properties_read(sd_bus_message* reply, const std::string& error) {
  if (reply == nullptr) return unknown(error);
  UnitProperties read;
  if (!read_properties(reply, read)) return unknown("D-Bus: GetAll: not the properties of a unit");
  if (read.load_state == "not-found") return unknown("systemd knows no unit " + name_);
  next_ = UnitFacts{};
  next_.known = true;
  next_.name = name_;
  next_.active_state = read.active_state;
  next_.sub_state = read.sub_state;
  job_path_ = read.job_path;
  bus_.call(
      lifetime_.watch(), path_, properties, "Get",
      [](sd_bus_message* message) {
        return sd_bus_message_append(message, "ss", "org.freedesktop.systemd1.Service", "ControlGroup");
      },
      [this](sd_bus_message* answer, const std::string& why) { control_group_read(answer, why); });
}

void UnitWatch::control_group_read(sd_bus_message* reply, const std::string& error) {
  if (reply == nullptr) return unknown(error);
  next_.control_group = strings(reply, "s");
  if (job_path_.empty()) return end_look(next_);
  bus_.call(
      lifetime_.watch(), job_path_, properties, "Get",
      [](sd_bus_message* message) {
        return sd_bus_message_append(message, "ss", "org.freedesktop.systemd1.Job", "JobType");
      },
      [this](sd_bus_message* answer, const std::string& why) { job_type_read(answer, why); });
}

void UnitWatch::job_type_read(sd_bus_message* reply, const std::string&) {
  // An error means that the job ended meanwhile: none is queued, and the next look shows what it left behind.
  if (reply == nullptr) {
    again_ = true;
  } else {
    next_.job = strings(reply, "s");
  }
  end_look(next_);
}

void UnitWatch::unknown(const std::string& why) {
  UnitFacts facts;
  facts.name = name_;
  facts.why_unknown = why;
  end_look(std::move(facts));
}

void UnitWatch::end_look(UnitFacts facts) {
  looking_ = false;
  const bool differs = !same(facts, facts_);
  facts_ = std::move(facts);
  if (again_ && bus_.connected()) look();
  const auto changed = changed_;
  if (differs && changed) changed();
}

void find_unit_of(Bus& bus, const Lifetime::Watch& owner, int pid,
                  std::function<void(const std::string& name, const std::string& error)> done) {
  bus.call(
      owner, manager_path, manager, "GetUnitByPID",
      [pid](sd_bus_message* message) { return sd_bus_message_append(message, "u", static_cast<uint32_t>(pid)); },
      [pid, done = std::move(done)](sd_bus_message* reply, const std::string& error) {
        const char* path = nullptr;
        char* name = nullptr;
        if (reply != nullptr && sd_bus_message_read(reply, "o", &path) >= 0 &&
            sd_bus_path_decode(path, unit_prefix, &name) > 0) {
          const std::string found = name;
          free(name);
          return done(found, "");
        }
        const std::string file = "/proc/" + std::to_string(pid) + "/cgroup";
        const std::string text = read_file(file).value_or("");
        if (const auto unit = unit_of_cgroup(text)) return done(*unit, "");
        done("", error + "; " + file + (text.empty() ? ": cannot be read" : ": names no unit"));
      });
}

}  // namespace picket
