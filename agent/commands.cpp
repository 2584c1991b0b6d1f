#include "commands.hpp"

#include <optional>

#include "config/values.hpp"
#include "keepalived/notify_args.hpp"
#include "log.hpp"
#include "report/explain_text.hpp"
#include "report/health.hpp"
#include "report/status_json.hpp"

namespace picket {
namespace {

// The same question as the health page, so that Keepalived and HAProxy cannot be told different things.
ControlReply check(const View& view, const std::string& what) {
  const std::string path = what == "primary"   ? "/primary"
                           : what == "standby" ? "/replica"
                           : what == "alive"   ? "/health"
                                               : "";
  if (path.empty()) return {2, "check what? primary, standby or alive\n"};
  FaceOptions options;
  options.max_age = view.policy.fresh;
  const HealthAnswer answer = health(path, "", view.snapshot, boot_now(), options);
  return {answer.status == 200 ? 0 : 1, std::string(answer.body)};
}

/// Nothing where the verb is none of these.
std::optional<ControlReply> answer(const View& view, const std::string& verb, const std::string& argument) {
  if (verb == "check") return check(view, argument);
  if (verb != "status" && verb != "explain" && verb != "facts") return {};
  if (!view.snapshot) return ControlReply{1, "nothing has been decided yet\n"};
  if (verb == "status") return ControlReply{0, status_json(*view.snapshot, boot_now())};
  if (verb == "explain") return ControlReply{0, explain_text(*view.snapshot, view.signals, view.policy)};
  return ControlReply{0, encode(view.live())};
}

template <typename AnyAgent>
View view_of(const AnyAgent& agent) {
  return {agent.snapshot(), agent.signals(), agent.policy(), [&agent] { return agent.live(); }};
}

std::string argument_of(const ControlRequest& request) { return request.words.size() > 1 ? request.words[1] : ""; }

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
  const std::string argument = argument_of(request);
  if (auto reply = answer(view_of(agent), verb, argument)) return *reply;
  if (verb == "notify") return notify(agent, words);
  const bool promotes = verb == "gate-vote" || verb == "gate-promote";
  if (!promotes && verb != "fence" && verb != "unfence" && verb != "mark-stale" && verb != "maintenance")
    return {2, "unknown verb: " + verb + "\n"};
  if (!request.privileged) return {2, "only root and the daemon's own user may " + verb + "\n"};
  if (promotes) return agent.ask_for_promotion(verb == "gate-promote");
  if (verb == "fence") return agent.fence(argument, request.who);
  if (verb == "maintenance") return maintenance(agent, request);
  if (verb == "unfence") return agent.unfence(request.who, argument == "--i-accept");
  agent.mark_stale(argument);
  return {0, ""};
}

ControlReply command(const Witness& witness, const ControlRequest& request) {
  const std::string& verb = request.words.front();
  if (auto reply = answer(view_of(witness), verb, argument_of(request))) return *reply;
  return {2, verb + ": this host is a witness; it has no PostgreSQL, and nothing to order\n"};
}

}  // namespace picket
