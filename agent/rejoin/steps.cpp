#include "rejoin/steps.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "instance.hpp"
#include "loop/read_file.hpp"
#include "loop/write_file.hpp"
#include "postgres/pass_line.hpp"
#include "rejoin/cut_clone.hpp"
#include "rejoin/orphans.hpp"
#include "rejoin/rewind_words.hpp"

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

/// What the way back adds to repmgr.conf; the last setting of a name counts. What repmgr and pg_rewind say must come
/// here, and not go to a file or to syslog: it tells how far they have come.
std::string own_settings(const std::string& start_command) {
  return "\nservice_start_command=" + conf_quoted(start_command) +
         "\nlog_level=INFO\nlog_facility=STDERR\nlog_file=''\n";
}

/// Throws where the program failed, with the last line that says more than where to look.
void must_be_well(const std::vector<std::string>& command, const Ran& ran) {
  if (ran.code == 0) return;
  std::string last = ran.tail;
  while (last.ends_with('\n')) last.pop_back();
  if (const size_t error = last.rfind("ERROR"); error != last.npos) last = last.substr(error);
  if (const size_t end = last.find('\n', 0); end != last.npos && last.size() > 600) last = last.substr(0, end);
  for (char& c : last)
    if (c == '\n') c = ';';
  throw std::runtime_error(command[0] + (ran.late ? " took too long" : " failed (" + std::to_string(ran.code) + ")") +
                           ": " + without_passwords(last));
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
      pass_file_(config.run_directory + "/rejoin-pgpass"),
      heard_([heard = std::move(heard)](std::string_view line) { heard(without_passwords(line)); }) {}

RejoinSteps::~RejoinSteps() {
  for (const std::string& path : {place_.own_conf, pass_file_}) unlink(path.c_str());
}

Ran RejoinSteps::attempt(const std::vector<std::string>& command, Millis most,
                         const std::function<void(std::string_view)>& line) {
  std::string words;
  for (const auto& word : command) words += (words.empty() ? "" : " ") + word;
  heard_("running: " + words);
  return run_program(
      command, most,
      [&](std::string_view text) {
        heard_(text);
        if (line) line(text);
      },
      environment_);
}

void RejoinSteps::run(const std::vector<std::string>& command, Millis most) {
  must_be_well(command, attempt(command, most));
}

void RejoinSteps::forget_the_dead() {
  // A power cut leaves it, and after the boot its number is somebody else's: PostgreSQL then takes any process of its
  // own user for a server that runs (CreateLockFile() in miscinit.c).
  const std::string path = place_.data_directory + "/postmaster.pid";
  if (unlink(path.c_str()) == 0) return heard_("removed " + path + ", which a server that is dead has left");
  if (errno != ENOENT) throw std::runtime_error(path + ": " + std::strerror(errno));
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

std::string RejoinSteps::own_repmgr_conf() const {
  const auto text = read_file(repmgr_conf_);
  if (!text) throw std::runtime_error(repmgr_conf_ + ": " + std::strerror(errno));
  const std::string error = write_file(place_.own_conf, *text + own_settings(start_command()), 0600);
  if (!error.empty()) throw std::runtime_error(error);
  return place_.own_conf;
}

// In front of the file that would be read otherwise, whose other lines still hold.
std::string RejoinSteps::without_secret(const std::string& conninfo) {
  const PassLine pass = pass_line_of(conninfo);
  if (pass.line.empty()) return conninfo;
  const char *chosen = std::getenv("PGPASSFILE"), *home = std::getenv("HOME");
  const std::string usual = read_file(chosen ? chosen : std::string(home ? home : "") + "/.pgpass").value_or("");
  if (const std::string error = write_file(pass_file_, pass.line + usual, 0600); !error.empty())
    throw std::runtime_error(error);
  environment_ = {"PGPASSFILE=" + pass_file_};
  return pass.conninfo;
}

std::vector<std::string> RejoinSteps::node_rejoin_command(const std::string& primary_conninfo) {
  std::vector<std::string> command{place_.programs + "repmgr",
                                   "-f",
                                   own_repmgr_conf(),
                                   "node",
                                   "rejoin",
                                   "-d",
                                   without_secret(primary_conninfo),
                                   "--force-rewind"};
  // pg_rewind makes every file the primary's.
  std::string own;
  for (const char* name : own_files) {
    std::error_code failed;
    if (fs::is_regular_file(place_.data_directory + "/" + name, failed))
      own += (own.empty() ? "" : ",") + std::string(name);
  }
  if (!own.empty()) command.push_back("--config-files=" + own);
  return command;
}

bool RejoinSteps::try_node_rejoin(const std::string& primary_conninfo) {
  auto command = node_rejoin_command(primary_conninfo);
  command.push_back("--dry-run");
  const Ran ran = attempt(command, minutes);
  must_be_well(command, ran);
  return would_rewind(ran.tail);
}

void RejoinSteps::node_rejoin(const std::string& primary_conninfo, const std::function<void(bool)>& half_way) {
  if (!place_.unit.empty()) run_program({"systemctl", "--no-ask-password", "reset-failed", place_.unit}, minutes);
  const auto command = node_rejoin_command(primary_conninfo);
  RewindWords words;
  const Ran ran = attempt(command, as_long_as_it_takes, [&](std::string_view line) {
    if (words.hear(line)) half_way(words.half_way(false));
  });
  half_way(ran.code != 0 && words.half_way(ran.code >= 128));
  must_be_well(command, ran);
}

void RejoinSteps::clone(const std::string& primary_conninfo, int primary_id, const std::string& aside) {
  if (rename(place_.data_directory.c_str(), aside.c_str()) != 0)
    throw std::runtime_error(place_.data_directory + " cannot be renamed: " + std::strerror(errno));
  try {
    run({place_.programs + "repmgr", "-f", own_repmgr_conf(), "-d", without_secret(primary_conninfo),
         "--upstream-node-id=" + std::to_string(primary_id), "standby", "clone", "--fast-checkpoint"},
        as_long_as_it_takes);
  } catch (const std::exception&) {
    // Not under the hands of a pg_basebackup that has outlived its repmgr: the next attempt does it then.
    const std::string orphan = orphan_of(place_.data_directory, place_.own_conf);
    const std::string error = orphan.empty() ? put_back(aside, place_.data_directory) : orphan + " is still at work";
    if (!error.empty()) heard_(error);
    throw;
  }
  for (const char* name : own_files) {
    std::error_code failed;
    const fs::path kept = fs::path(aside) / name;
    if (fs::is_regular_file(kept, failed))
      fs::copy_file(kept, fs::path(place_.data_directory) / name, fs::copy_options::overwrite_existing);
  }
}

void RejoinSteps::write_standby_signal() {
  const std::string error = write_durably(place_.data_directory + "/standby.signal", "", 0600);
  if (!error.empty()) throw std::runtime_error(error);
}

void RejoinSteps::follow(int primary_id) {
  run({place_.programs + "repmgr", "-f", own_repmgr_conf(), "standby", "follow",
       "--upstream-node-id=" + std::to_string(primary_id)},
      minutes);
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
