#include "rejoin/steps.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "instance.hpp"
#include "loop/read_file.hpp"
#include "loop/write_file.hpp"
#include "rejoin/run_program.hpp"

namespace picket {
namespace {
namespace fs = std::filesystem;

// pg_rewind and a clone take as long as the data is large; everything else that hangs must end some day.
constexpr Millis as_long_as_it_takes{0}, an_hour{3'600'000}, minutes{600'000};

// What is this node's own and may lie in the data directory; on Debian it lies elsewhere.
constexpr const char* own_files[] = {"postgresql.conf", "pg_hba.conf", "pg_ident.conf"};

// repmgr.conf's grammar: quotes are doubled.
std::string conf_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

}  // namespace

std::string configuration_of(const std::string& data_directory, const std::string& etc) {
  std::error_code failed;
  if (const std::string own = data_directory + "/postgresql.conf"; fs::exists(own, failed)) return own;
  for (const auto& version : fs::directory_iterator(etc, failed)) {
    for (const auto& cluster : fs::directory_iterator(version.path(), failed)) {
      const std::string path = cluster.path() / "postgresql.conf";
      if (!fs::exists(path, failed)) continue;
      const std::string instance = version.path().filename().string() + "-" + cluster.path().filename().string();
      if (same_directory(data_directory_of(instance, etc), data_directory)) return path;
    }
  }
  return "";
}

RejoinSteps::RejoinSteps(const Config& config, const RepmgrConf& repmgr, const RejoinPlace& place,
                         std::function<void(std::string_view)> heard)
    : repmgr_(repmgr),
      place_(place),
      repmgr_conf_(config.repmgr.conf),
      own_conf_(config.run_directory + "/rejoin-repmgr.conf"),
      heard_([heard = std::move(heard)](std::string_view line) { heard(without_passwords(line)); }) {}

RejoinSteps::~RejoinSteps() { unlink(own_conf_.c_str()); }

void RejoinSteps::run(const std::vector<std::string>& command, Millis most, std::string* said) {
  std::string line;
  for (const auto& word : command) line += (line.empty() ? "" : " ") + word;
  heard_("running: " + line);
  const Ran ran = run_program(command, most, heard_);
  if (said) *said = ran.tail;
  if (ran.code == 0) return;
  std::string last = ran.tail;
  while (last.ends_with('\n')) last.pop_back();
  // The last line that says more than where to look.
  if (const size_t error = last.rfind("ERROR"); error != last.npos) last = last.substr(error);
  if (const size_t end = last.find('\n', 0); end != last.npos && last.size() > 600) last = last.substr(0, end);
  for (char& c : last)
    if (c == '\n') c = ';';
  last = without_passwords(last);
  throw std::runtime_error(command[0] + (ran.late ? " took too long" : " failed (" + std::to_string(ran.code) + ")") +
                           ": " + last);
}

void RejoinSteps::recover() {
  std::vector<std::string> command{place_.programs + "postgres", "--single", "-D", place_.data_directory};
  const std::string configuration = configuration_of(place_.data_directory);
  if (configuration.empty()) throw std::runtime_error("no postgresql.conf belongs to " + place_.data_directory);
  // pg_rewind needs the log from the last checkpoint before the fork on, and the checkpoint that ends the recovery
  // would take it away. And nothing of this is for the archive.
  for (const std::string& setting :
       {"config_file=" + configuration, std::string("wal_keep_size=1TB"), std::string("archive_mode=off")})
    command.insert(command.end(), {"-c", setting});
  command.push_back("template1");
  run(command, an_hour);
}

std::string RejoinSteps::start_command() const {
  // Whoever starts it otherwise starts it into the group of this job, and systemd ends it with the job.
  if (!place_.unit.empty()) return "systemctl --no-ask-password start " + place_.unit;
  return repmgr_.service_start_command;
}

// The last setting of a name counts.
std::string RejoinSteps::own_repmgr_conf() const {
  const auto text = read_file(repmgr_conf_);
  if (!text) throw std::runtime_error(repmgr_conf_ + ": " + std::strerror(errno));
  const std::string error =
      write_file(own_conf_, *text + "\nservice_start_command=" + conf_quoted(start_command()) + "\n", 0600);
  if (!error.empty()) throw std::runtime_error(error);
  return own_conf_;
}

void RejoinSteps::node_rejoin(const std::string& primary_conninfo, bool dry, bool& broken) {
  broken = false;
  std::vector<std::string> command{
      place_.programs + "repmgr", "-f", own_repmgr_conf(), "node", "rejoin", "-d", primary_conninfo, "--force-rewind"};
  // pg_rewind makes every file the primary's.
  std::string own;
  for (const char* name : own_files) {
    std::error_code failed;
    if (fs::is_regular_file(place_.data_directory + "/" + name, failed))
      own += (own.empty() ? "" : ",") + std::string(name);
  }
  if (!own.empty()) command.push_back("--config-files=" + own);
  if (dry) command.push_back("--dry-run");
  std::string said;
  try {
    if (!dry && !place_.unit.empty())
      run_program({"systemctl", "--no-ask-password", "reset-failed", place_.unit}, minutes);
    run(command, dry ? minutes : as_long_as_it_takes, &said);
  } catch (const std::exception&) {
    // pg_rewind's words, once it has found out what it is going to change.
    broken = !dry && said.find("pg_rewind execution failed") != said.npos && said.find("rewinding from") != said.npos;
    throw;
  }
}

void RejoinSteps::clone(const std::string& primary_conninfo, int primary_id, const std::string& aside) {
  if (rename(place_.data_directory.c_str(), aside.c_str()) != 0)
    throw std::runtime_error(place_.data_directory + " cannot be renamed: " + std::strerror(errno));
  try {
    run({place_.programs + "repmgr", "-f", own_repmgr_conf(), "-d", primary_conninfo,
         "--upstream-node-id=" + std::to_string(primary_id), "standby", "clone", "--fast-checkpoint"},
        as_long_as_it_takes);
  } catch (const std::exception&) {
    std::error_code failed;
    fs::remove_all(place_.data_directory, failed);  // made by this clone, moments ago
    if (rename(aside.c_str(), place_.data_directory.c_str()) != 0)
      heard_("the old data stays in " + aside + ": " + std::strerror(errno));
    throw;
  }
  for (const char* name : own_files) {
    std::error_code failed;
    const fs::path kept = fs::path(aside) / name;
    if (fs::is_regular_file(kept, failed))
      fs::copy_file(kept, fs::path(place_.data_directory) / name, fs::copy_options::overwrite_existing);
  }
}

void RejoinSteps::start_server() {
  if (place_.unit.empty()) return run({"/bin/sh", "-c", start_command()}, minutes);
  run_program({"systemctl", "--no-ask-password", "reset-failed", place_.unit}, minutes);
  run({"systemctl", "--no-ask-password", "start", place_.unit}, minutes);
}

void RejoinSteps::register_standby(int primary_id) {
  run({place_.programs + "repmgr", "-f", repmgr_conf_, "standby", "register", "--force",
       "--upstream-node-id=" + std::to_string(primary_id)},
      minutes);
}

}  // namespace picket
