#include "keepalived/notify_args.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace picket {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return text;
}

NotifyArgs refused(const std::string& why) {
  return {{}, why + "; expected INSTANCE|GROUP NAME STATE [PRIORITY], or one of master, backup, fault and stop"};
}

}  // namespace

NotifyArgs parse_notify_args(const std::vector<std::string>& args) {
  if (args.empty()) return refused("no arguments");
  NotifyArgs out;
  if (args.size() == 1) {
    out.event.state = upper(args[0]);
    for (const char* word : {"MASTER", "BACKUP", "FAULT", "STOP"})
      if (out.event.state == word) return out;
    return refused("\"" + args[0] + "\" is no state");
  }
  out.event.kind = upper(args[0]);
  if (out.event.kind != "INSTANCE" && out.event.kind != "GROUP") return refused("\"" + args[0] + "\" comes first");
  if (args.size() < 3 || args.size() > 4) return refused(std::to_string(args.size()) + " arguments");
  out.event.name = args[1];
  out.event.state = upper(args[2]);
  if (out.event.name.empty()) return refused("the name is empty");
  if (!is_notify_state(out.event.state)) return refused("\"" + args[2] + "\" is no state");
  if (args.size() == 3) return out;
  const char* const end = args[3].data() + args[3].size();
  const auto [stop, error] = std::from_chars(args[3].data(), end, out.event.priority);
  if (error != std::errc() || stop != end) return refused("priority \"" + args[3] + "\" is not a number");
  return out;
}

}  // namespace picket
