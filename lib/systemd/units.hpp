#pragma once
// Orders to systemd (org.freedesktop.systemd1(5), Manager). Each is sent and forgotten: the answer comes later on the
// loop, within 500 ms, as an empty text or as the reason of the failure. An accepted order says nothing about the
// process: whoever must know whether it is dead looks at the process.

#include <functional>
#include <map>
#include <string>

#include "systemd/bus.hpp"

namespace picket {

class Units {
 public:
  /// `error` is empty when systemd accepted the order.
  using Done = std::function<void(const std::string& error)>;
  /// The end of a job: "done", "failed", "canceled", "timeout", "dependency", "skipped"; or "unknown: REASON" when the
  /// connection was lost while the job ran.
  using JobEnded = std::function<void(const std::string& result)>;

  explicit Units(Bus& bus);

  /// StopUnit. `mode` is "replace", "replace-irreversibly", "fail", ... `job_ended` (may be empty) runs only after an
  /// accepted order, when its job is removed.
  void stop_unit(const std::string& name, const std::string& mode, Done done, JobEnded job_ended = {});
  /// StartUnit with mode "replace".
  void start_unit(const std::string& name, Done done, JobEnded job_ended = {});
  /// KillUnit. `who` is "main", "control" or "all".
  void kill_unit(const std::string& name, const std::string& who, int signal, Done done);
  /// ResetFailedUnit: lets a unit that failed too often be started again.
  void reset_failed(const std::string& name, Done done);

 private:
  void job_order(const std::string& member, const std::string& name, const std::string& mode, Done done,
                 JobEnded job_ended);
  void plain_order(const std::string& member, const Bus::Append& append, Done done);
  void job_removed(sd_bus_message* message);
  void connection_changed();

  Bus& bus_;
  std::map<std::string, JobEnded> jobs_;      // by job path
  std::map<std::string, std::string> early_;  // results that came before the reply that names the job
  size_t orders_open_ = 0;
  Lifetime lifetime_;
};

}  // namespace picket
