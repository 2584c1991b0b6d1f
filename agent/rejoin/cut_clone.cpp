#include "rejoin/cut_clone.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "instance.hpp"
#include "loop/write_file.hpp"
#include "offline.hpp"
#include "rejoin/orphans.hpp"
#include "rejoin/record.hpp"
#include "settings.hpp"

namespace picket {
namespace fs = std::filesystem;

std::string put_back(const std::string& aside, const std::string& data) {
  std::error_code failed;
  fs::remove_all(data, failed);  // made by the clone
  if (rename(aside.c_str(), data.c_str()) != 0) return "the old data stays in " + aside + ": " + std::strerror(errno);
  return sync_folder_of(data);
}

std::string undo_cut_clone(const Config& config, const RepmgrConf& repmgr, bool dry) {
  const auto record = read_rejoin_record(rejoin_record_path(config.state_directory));
  if (!record || record->aside.empty()) return "";
  const std::string data = record->aside.substr(0, record->aside.rfind(before_rejoin));
  std::error_code failed;
  if (!same_directory(data, guarded_directory(config, repmgr)) || !fs::exists(record->aside + "/PG_VERSION", failed))
    return "";
  if (fs::exists(data + "/global/pg_control", failed) || failed) return "";
  if (dry)
    throw std::runtime_error("an earlier clone was cut short, and the old data is in " + record->aside +
                             ": picket rejoin puts it back first");
  become_owner_of(record->aside);
  if (const std::string orphan = orphan_of(data, config.run_directory + "/rejoin-repmgr.conf"); !orphan.empty())
    throw std::runtime_error("an earlier clone was cut short, and " + orphan + " of it is still at work");
  if (const std::string error = put_back(record->aside, data); !error.empty()) throw std::runtime_error(error);
  return "an earlier clone was cut short: the old data is back in its place";
}

std::string hint_of_old_data(const std::string& data) {
  const fs::path place = fs::path(data).lexically_normal();
  std::string newest;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(place.parent_path(), failed))
    if (entry.path().string().starts_with(place.string() + before_rejoin))
      newest = std::max(newest, entry.path().string());
  if (newest.empty()) return "";
  return "; what an earlier clone has put aside is in " + newest + ": with nothing of worth in " + place.string() +
         ", remove that and mv " + newest + " " + place.string();
}

}  // namespace picket
