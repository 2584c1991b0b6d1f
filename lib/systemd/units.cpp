#include "systemd/units.hpp"

#include <utility>

namespace picket {
namespace {
constexpr char manager_path[] = "/org/freedesktop/systemd1";
constexpr char manager[] = "org.freedesktop.systemd1.Manager";
}  // namespace

Units::Units(Bus& bus) : bus_(bus) {
  bus_.on_connection(lifetime_.watch(), [this] { connection_changed(); });
  bus_.on_signal(lifetime_.watch(), manager_path, manager, "JobRemoved",
                 [this](sd_bus_message* message) { job_removed(message); });
}

void Units::connection_changed() {
  if (bus_.connected()) return;
  early_.clear();
  const auto lost = std::exchange(jobs_, {});
  const std::string result = "unknown: " + bus_.why_not();
  const auto self = lifetime_.watch();
  for (const auto& [path, ended] : lost) {
    ended(result);
    if (self.expired()) return;
  }
}

void Units::job_removed(sd_bus_message* message) {
  uint32_t id = 0;
  const char *path = nullptr, *unit = nullptr, *result = nullptr;
  if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0) return;
  if (const auto job = jobs_.extract(path); !job.empty()) {
    const auto ended = std::move(job.mapped());
    ended(result);
  } else if (orders_open_ > 0) {
    early_[path] = result;  // a job can end before the reply that names it
  }
}

void Units::job_order(const std::string& member, const std::string& name, const std::string& mode, Done done,
                      JobEnded job_ended) {
  // The subscription is renewed with each job whose end matters: the systemd that answers may be a new one.
  if (job_ended) bus_.call(lifetime_.watch(), manager_path, manager, "Subscribe", {}, {});
  ++orders_open_;
  bus_.call(
      lifetime_.watch(), manager_path, manager, member,
      [&](sd_bus_message* message) { return sd_bus_message_append(message, "ss", name.c_str(), mode.c_str()); },
      [this, done = std::move(done), job_ended = std::move(job_ended)](sd_bus_message* reply,
                                                                       const std::string& error) {
        --orders_open_;
        const char* path = nullptr;
        std::string early;
        if (reply != nullptr && job_ended && sd_bus_message_read(reply, "o", &path) >= 0) {
          if (const auto ended = early_.extract(path); !ended.empty()) {
            early = std::move(ended.mapped());
          } else {
            jobs_[path] = job_ended;
          }
        }
        if (orders_open_ == 0) early_.clear();
        const auto self = lifetime_.watch();
        if (done) done(error);
        if (!early.empty() && !self.expired()) job_ended(early);
      });
}

void Units::stop_unit(const std::string& name, const std::string& mode, Done done, JobEnded job_ended) {
  job_order("StopUnit", name, mode, std::move(done), std::move(job_ended));
}

void Units::start_unit(const std::string& name, Done done, JobEnded job_ended) {
  job_order("StartUnit", name, "replace", std::move(done), std::move(job_ended));
}

void Units::plain_order(const std::string& member, const Bus::Append& append, Done done) {
  bus_.call(lifetime_.watch(), manager_path, manager, member, append,
            [done = std::move(done)](sd_bus_message*, const std::string& error) {
              if (done) done(error);
            });
}

void Units::kill_unit(const std::string& name, const std::string& who, int signal, Done done) {
  plain_order(
      "KillUnit",
      [&](sd_bus_message* message) {
        return sd_bus_message_append(message, "ssi", name.c_str(), who.c_str(), static_cast<int32_t>(signal));
      },
      std::move(done));
}

void Units::reset_failed(const std::string& name, Done done) {
  plain_order(
      "ResetFailedUnit", [&](sd_bus_message* message) { return sd_bus_message_append(message, "s", name.c_str()); },
      std::move(done));
}

}  // namespace picket
