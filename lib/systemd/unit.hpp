#pragma once
// What systemd says about one unit, kept up to date: told by PropertiesChanged, and read again every two seconds
// because a signal can be missed. When nobody can be asked, the facts are unknown with the reason.
// (org.freedesktop.systemd1(5))

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/facts.hpp"
#include "loop/sources.hpp"
#include "systemd/bus.hpp"

namespace picket {

class UnitWatch {
 public:
  static constexpr Millis look_every{2000};

  /// `name` is a full unit name, e.g. "keepalived.service". `changed` runs on the loop when facts() has changed since
  /// the constructor; may be empty.
  UnitWatch(Loop& loop, Bus& bus, std::string name, std::function<void()> changed);

  /// Of the latest look that ended. Unknown (with why_unknown) without a connection, when a look failed, and when
  /// systemd knows no such unit.
  const UnitFacts& facts() const { return facts_; }
  /// Asks again now; a look that is under way is followed by another one.
  void look_now();

 private:
  void connection_changed();
  void look();
  void properties_read(sd_bus_message* reply, const std::string& error);
  void control_group_read(sd_bus_message* reply, const std::string& error);
  void job_type_read(sd_bus_message* reply, const std::string& error);
  void end_look(UnitFacts facts);
  void unknown(const std::string& why);

  Bus& bus_;
  std::string name_, path_;
  std::function<void()> changed_;
  UnitFacts facts_, next_;
  bool looking_ = false, again_ = false;
  std::string job_path_;
  Timer timer_;
  Lifetime lifetime_;
};

/// The systemd unit in a text of /proc/PID/cgroup (cgroups(7)): the outermost component that is a unit but not a slice,
/// e.g. "postgresql@15-main.service"; the hierarchy "name=systemd" or the unified one ("0::"). Nothing when there is
/// none.
std::optional<std::string> unit_of_cgroup(std::string_view text);
/// The path of the unit's control group in the same text, i.e. up to and including the unit's component.
std::optional<std::string> cgroup_of_unit(std::string_view text, std::string_view unit);

/// Asks systemd which unit process `pid` belongs to (GetUnitByPID); without an answer, reads /proc/PID/cgroup. `done`
/// runs later, once, with the unit's name or with an error, never both; not when `owner` is gone.
void find_unit_of(Bus& bus, const Lifetime::Watch& owner, int pid,
                  std::function<void(const std::string& name, const std::string& error)> done);

}  // namespace picket
