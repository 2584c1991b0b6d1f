#include "maintenance.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "config/values.hpp"
#include "log.hpp"
#include "loop/read_file.hpp"
#include "loop/write_file.hpp"

namespace picket {

using nlohmann::json;

MaintenanceNote::MaintenanceNote(std::string path, Instant now) : path_(std::move(path)) {
  const auto text = read_file(path_);
  if (!text) return;
  try {
    const json note = json::parse(*text);
    const Instant until{Millis{note.at("until_ms").get<int64_t>()}};
    // Another boot's clock, where the directory outlives a boot.
    if (until > now + longest) throw std::runtime_error("its end is not of this boot");
    current_ = {note.at("reason").get<std::string>(), note.at("by").get<std::string>(), until};
  } catch (const std::exception& error) {
    log(Priority::warning, path_ + ": " + error.what() + "; this node is not in maintenance");
    unlink(path_.c_str());
  }
}

const std::optional<Maintenance>& MaintenanceNote::at(Instant now) {
  if (current_ && now >= current_->until) {
    log(Priority::warning, "maintenance is over, its time has passed; it was: " + current_->reason);
    forget();
  }
  return current_;
}

std::string MaintenanceNote::begin(Millis length, const std::string& reason, const std::string& who, Instant now) {
  const Maintenance wanted{reason, who, now + length};
  const json note = {{"until_ms", wanted.until.time_since_epoch().count()}, {"reason", reason}, {"by", who}};
  const std::string text = note.dump(-1, ' ', false, json::error_handler_t::replace);
  if (std::string error = write_file(path_, text + "\n", 0644); !error.empty()) return error;
  current_ = wanted;
  log(Priority::warning, "maintenance for " + duration_text(length) + " by order of " + who + ": " + reason);
  return "";
}

bool MaintenanceNote::end(const std::string& who) {
  if (!current_) return false;
  log(Priority::warning, "maintenance is ended by order of " + who + "; it was: " + current_->reason);
  forget();
  return true;
}

void MaintenanceNote::forget() {
  current_.reset();
  unlink(path_.c_str());
}

}  // namespace picket
