#include "agent/member.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <stdexcept>

#include "http/served.hpp"
#include "postgres/processes.hpp"

namespace picket::test {
namespace {

std::string field(const std::string& answer, const std::string& name) {
  const size_t at = answer.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const size_t begin = at + name.size() + 4;
  return answer.substr(begin, answer.find("\r\n", begin) - begin);
}

}  // namespace

HealthSaid http_get(int port, const std::string& path) {
  const std::string answer = ask(port, "GET " + path + " HTTP/1.0\r\n\r\n");
  if (answer.size() < 12) return {};
  return {std::atoi(answer.c_str() + 9), field(answer, "Picket-Verdict"), body_of(answer)};
}

Member::Member(int id, std::unique_ptr<Throwaway> server)
    : id_(id), name_("node" + std::to_string(id)), server_(std::move(server)) {
  for (const char* name : {"run", "state"}) run_as_postgres({"/bin/mkdir", folder_ / name});
}

Member::~Member() {
  if (agent_) stop_agent(SIGTERM);
  EXPECT_FALSE(sanitizer_spoke(log())) << log();
}

std::string Member::gate() const {
  const std::string text = read_text(folder_ / "run/gate");
  return text.substr(0, text.find('\n'));
}

void Member::write_files(const AgentOptions& options) const {
  write_text(folder_ / "repmgr.conf", "node_id=" + std::to_string(id_) + "\nnode_name='" + name_ + "'\nconninfo='" +
                                          server_->conninfo() + "'\ndata_directory='" + server_->data() + "'\n" + options.repmgr);
  const auto key = [](const std::string& name, const std::string& value) { return name + " = \"" + value + "\"\n"; };
  write_text(config_path(),
             key("level", options.level) + key("run_directory", folder_ / "run") +
                 key("state_directory", folder_ / "state") + "[http]\n" + key("listen", "127.0.0.1") +
                 "port = " + std::to_string(options.http_port != 0 ? options.http_port : port_) + "\n" + options.http +
                 "[repmgr]\n" + key("conf", folder_ / "repmgr.conf") + key("nodes_every", "500ms") + "[keepalived]\n" +
                 key("gate_file", folder_ / "run/gate") + key("rank_file", folder_ / "run/rank") +
                 key("notify_fifo", fifo()) + options.keepalived + "[fence]\n" + options.fence + "[guard]\n" +
                 options.guard + "[lease]\n" + options.lease + "[postgresql]\n" + options.postgresql);
}

bool Member::is_marked(const std::string& reason) const {
  return took([&] { return marker().find("\"reason\": \"" + reason + '"') != std::string::npos; }, Millis{2000})
      .has_value();
}

// As root, and then user postgres in a mount namespace of its own.
std::vector<std::string> Member::command(const AgentOptions& options) const {
  std::string script;
  if (!options.sees_everybody) script += "mount -t proc -o hidepid=2 proc /proc && ";
  if (!options.journal.empty())
    script += "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind " + options.journal +
              " /run/systemd/journal && ";
  script += "exec setpriv --reuid=postgres --regid=postgres --clear-groups --pdeathsig=KILL";
  if (options.may_cut) script += " --inh-caps=+net_admin --ambient-caps=+net_admin";
  script += " \"$@\"";
  return {"/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, "sh", picketd_binary(), "--config", config_path()};
}

void Member::launch_agent(const AgentOptions& options) {
  if (agent_) earlier_log_ += agent_->err();
  agent_.reset();
  write_files(options);
  const std::string bus = options.bus.empty() ? "unix:path=" + folder_ / "no-bus" : options.bus;
  std::vector<std::string> environment{"DBUS_SYSTEM_BUS_ADDRESS=" + bus};
  if (!options.journal.empty()) environment.push_back("JOURNAL_STREAM=1:1");  // systemd.exec(5)
  agent_ = std::make_unique<Child>(command(options), "root", folder_ / "picketd", environment);
}

void Member::start_agent(const AgentOptions& options) {
  launch_agent(options);
  took([this] { return get("/liveness").status == 200 || agent_->ended(); }, Millis{5000});
  if (get("/liveness").status != 200) throw std::runtime_error("picketd does not answer: " + log());
}

int Member::stop_agent(int signal) {
  if (!agent_) return -1;
  agent_->signal(signal);
  const int code = agent_->ended(Millis{5000}).value_or(-1);
  earlier_log_ += agent_->err();
  agent_.reset();
  return code;
}

std::string Member::log() const { return earlier_log_ + (agent_ ? agent_->err() : ""); }

nlohmann::json Member::status() const {
  const auto json = nlohmann::json::parse(get("/status").body, nullptr, false);
  return json.is_object() ? json : nlohmann::json::object();
}

std::string Member::rule() const {
  const std::string verdict = get("/health").verdict;
  return verdict.substr(verdict.find(' ') + 1);
}

Ended Member::picket(std::vector<std::string> words, const std::string& user) const {
  words.insert(words.begin(), {picket_binary(), "--config", config_path(), "--socket", socket()});
  return run(words, user);
}

std::optional<Millis> Member::until(const std::string& rule, Millis limit) const {
  return took([&] { return this->rule() == rule; }, limit);
}

std::optional<Millis> Member::until_dead(Millis limit) const {
  return took(
      [this] {
        const auto processes = server_processes(server_->data());
        return processes && processes->empty();
      },
      limit);
}

std::string describe(const Member& member) {
  const std::string log = member.log();
  return member.name() + " says " + member.status().value("/verdict"_json_pointer, nlohmann::json()).dump() +
         "\nits log ends:\n" + (log.size() > 4000 ? log.substr(log.size() - 4000) : log);
}

bool sanitizer_spoke(const std::string& log) {
  for (const char* sign : {"AddressSanitizer", "LeakSanitizer", "runtime error:", "UndefinedBehaviorSanitizer"})
    if (log.find(sign) != std::string::npos) return true;
  return false;
}

}  // namespace picket::test
