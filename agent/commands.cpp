#include "commands.hpp"

#include "config/values.hpp"
#include "keepalived/notify_args.hpp"
#include "log.hpp"
#include "report/explain_text.hpp"
#include "report/health.hpp"
#include "report/status_json.hpp"

namespace picket {
namespace {

ControlReply status(const Agent& agent) {
  const Snapshot* snapshot = agent.snapshot();
  if (!snapshot) return {1, "nothing has been decided yet\n"};
  return {0, status_json(*snapshot, boot_now())};
}

// The same question as the health page, so that Keepalived and HAProxy cannot be told different things.
ControlReply check(const Agent& agent, const std::string& what) {
  const std::string path = what == "primary"   ? "/primary"
                           : what == "standby" ? "/replica"
                           : what == "alive"   ? "/health"
                                               : "";
  if (path.empty()) return {2, "check what? primary, standby or alive\n"};
  FaceOptions options;
  options.max_age = agent.policy().fresh;
  const HealthAnswer answer = health(path, "", agent.snapshot(), boot_now(), options);
  return {answer.status == 200 ? 0 : 1, std::string(answer.body)};
}

ControlReply notify(Agent& agent, const std::vector<std::string>& words) {
  const NotifyArgs args = parse_notify_args({words.begin() + 1, words.end()});
  if (!args.error.empty()) return {2, args.error + "\n"};
  agent.heard(args.event);
  log(Priority::info, "keepalived says " + args.event.text());
  return {0, ""};
}

ControlReply maintenance(Agent& agent, const ControlRequest& request) {
  const auto& words = request.words;
  if (words.size() == 2 && words[1] == "off") return agent.end_maintenance(request.who);
  const auto length = words.size() == 4 ? parse_duration(words[2]) : std::nullopt;
  if (words.size() != 4 || words[1] != "on" || words[3].empty())
    return {2, "maintenance on --for 30m --reason TEXT, or maintenance off\n"};
  if (!length || *length <= Millis{0} || *length > MaintenanceNote::longest)
    return {2, "for how long? \"" + words[2] + "\" is no time up to 24h, such as 30m\n"};
  return agent.maintain(*length, words[3], request.who);
}

}  // namespace

ControlReply command(Agent& agent, const ControlRequest& request) {
  const auto& words = request.words;
  const std::string& verb = words.front();
  const std::string argument = words.size() > 1 ? words[1] : "";
  if (verb == "status") return status(agent);
  if (verb == "check") return check(agent, argument);
  if (verb == "notify") return notify(agent, words);
  if (verb == "explain") {
    if (!agent.snapshot()) return {1, "nothing has been decided yet\n"};
    return {0, explain_text(*agent.snapshot(), agent.signals(), agent.policy())};
  }
  if (verb == "facts") {
    if (!agent.snapshot()) return {1, "nothing has been decided yet\n"};
    return {0, encode(agent.live())};
  }
  const bool promotes = verb == "gate-vote" || verb == "gate-promote";
  if (!promotes && verb != "fence" && verb != "unfence" && verb != "mark-stale" && verb != "maintenance")
    return {2, "unknown verb: " + verb + "\n"};
  if (!request.privileged) return {2, "only root and the daemon's own user may " + verb + "\n"};
  if (promotes) return agent.ask_for_promotion(verb == "gate-promote");
  if (verb == "fence") return {0, agent.fence(argument, request.who)};
  if (verb == "maintenance") return maintenance(agent, request);
  if (verb == "unfence") return agent.unfence(request.who, argument == "--i-accept");
  agent.mark_stale(argument);
  return {0, ""};
}

}  // namespace picket
