#include "repmgr/repmgr_conf.hpp"

#include <strings.h>

#include <cctype>
#include <charconv>
#include <map>

#include "repmgr/conf_lines.hpp"
#include "repmgr/conninfo_host.hpp"

namespace picket {
namespace {

/// The settings of one file by name, and how to complain about them.
class Settings {
 public:
  Settings(const ConfLines& lines, std::string filename)
      : filename_(std::move(filename)), includes_(!lines.includes.empty()) {
    for (const ConfSetting& setting : lines.settings) last_[setting.name] = &setting;
  }

  bool has(const std::string& name) const { return last_.contains(name); }

  [[noreturn]] void refuse(const std::string& name, const std::string& why) const {
    throw RepmgrConfError(filename_ + ":" + std::to_string(last_.at(name)->line) + ": " + name + ": " + why);
  }

  void take(const std::string& name, std::string& out) const {
    if (has(name)) out = last_.at(name)->value;
  }

  void take(const std::string& name, int& out, int least) const {
    if (!has(name)) return;
    const std::string& value = last_.at(name)->value;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, out);
    // Letters after the digits are read over, as repmgr does: reconnect_interval=5s is in use.
    const bool whole = stop == end || std::isalpha(static_cast<unsigned char>(*stop)) != 0;
    if (error != std::errc() || !whole) refuse(name, "\"" + value + "\" is not a whole number");
    if (out < least) refuse(name, value + " is less than " + std::to_string(least));
  }

  void take_seconds(const std::string& name, Millis& out, int least) const {
    int seconds = static_cast<int>(out.count() / 1000);
    take(name, seconds, least);
    out = std::chrono::seconds(seconds);
  }

  /// The spellings of repmgr's own parse_bool(), which compares without regard to case.
  void take(const std::string& name, bool& out) const {
    if (!has(name)) return;
    const std::string& value = last_.at(name)->value;
    for (const char* word : {"true", "yes", "on", "1", "t", "y"})
      if (strcasecmp(value.c_str(), word) == 0) return void(out = true);
    for (const char* word : {"false", "no", "off", "0", "f", "n"})
      if (strcasecmp(value.c_str(), word) == 0) return void(out = false);
    refuse(name, "\"" + value + "\" is not a boolean");
  }

  void must_be_there(const std::string& name) const {
    if (!has(name))
      throw RepmgrConfError(filename_ + ": " + name + " is missing" +
                            (includes_ ? " (include directives are not followed)" : ""));
    if (last_.at(name)->value.empty()) refuse(name, "is empty");
  }

  void must_be_one_of(const std::string& name, const std::string& value,
                      std::initializer_list<const char*> words) const {
    std::string list;
    for (const char* word : words) {
      if (value == word) return;
      list += (list.empty() ? "" : ", ") + std::string(word);
    }
    refuse(name, "\"" + value + "\" is none of " + list);
  }

 private:
  std::map<std::string, const ConfSetting*> last_;
  std::string filename_;
  bool includes_;
};

}  // namespace

RepmgrConf parse_repmgr_conf(std::string_view text, const std::string& filename) {
  const ConfLines lines = read_conf_lines(text);
  if (!lines.error.empty())
    throw RepmgrConfError(filename + ":" + std::to_string(lines.error_line) + ": " + lines.error);
  const Settings settings(lines, filename);
  for (const char* name : {"node_id", "node_name", "conninfo", "data_directory"}) settings.must_be_there(name);

  RepmgrConf conf;
  settings.take("node_id", conf.node_id, 1);
  settings.take("node_name", conf.node_name);
  settings.take("conninfo", conf.conninfo);
  settings.take("data_directory", conf.data_directory);
  settings.take("pg_bindir", conf.pg_bindir);
  settings.take("service_start_command", conf.service_start_command);
  settings.take("service_stop_command", conf.service_stop_command);
  settings.take("service_restart_command", conf.service_restart_command);
  settings.take("service_reload_command", conf.service_reload_command);
  settings.take("service_promote_command", conf.service_promote_command);
  settings.take("promote_command", conf.promote_command);
  settings.take("follow_command", conf.follow_command);
  settings.take("failover_validation_command", conf.failover_validation_command);
  settings.take("failover", conf.failover);
  settings.take("connection_check_type", conf.connection_check_type);
  settings.take("priority", conf.priority, 0);
  settings.take_seconds("monitor_interval_secs", conf.monitor_interval, 1);
  settings.take_seconds("reconnect_interval", conf.reconnect_interval, 0);
  settings.take_seconds("primary_notification_timeout", conf.primary_notification_timeout, 0);
  settings.take("reconnect_attempts", conf.reconnect_attempts, 0);
  settings.take("primary_visibility_consensus", conf.primary_visibility_consensus);

  settings.must_be_one_of("failover", conf.failover, {"manual", "automatic"});
  settings.must_be_one_of("connection_check_type", conf.connection_check_type, {"ping", "connection", "query"});
  if (conf.data_directory.front() != '/') settings.refuse("data_directory", "is not an absolute path");
  const ConninfoHost where = parse_conninfo_host(conf.conninfo);
  if (!where.error.empty()) settings.refuse("conninfo", where.error);
  if (where.name().empty()) settings.refuse("conninfo", "names no host, so the other nodes cannot reach this one");
  for (const int line : lines.includes)
    conf.warnings.push_back(filename + ":" + std::to_string(line) + ": include directives are not followed");
  return conf;
}

}  // namespace picket
