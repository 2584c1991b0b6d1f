// The verbs that only carry a question to the daemon and print its answer.

#include <iostream>

#include "control_client.hpp"
#include "verbs/verbs.hpp"

namespace picket {

int ask_and_print(const Context& context, const std::vector<std::string>& words) {
  try {
    const ControlReply reply = ask_daemon(context.socket_path, words, Millis{2000});
    (reply.status == 2 ? std::cerr : std::cout) << reply.text;
    return reply.status;
  } catch (const std::exception& error) {
    std::cerr << "picket: " << error.what() << "\n";
    return 3;
  }
}

int verb_check(const Context& context, const std::string& what) {
  // Keepalived only asks whether it is 0.
  return ask_and_print(context, {"check", what});
}

int verb_notify(const Context& context, const std::vector<std::string>& args) {
  std::vector<std::string> words{"notify"};
  words.insert(words.end(), args.begin(), args.end());
  return ask_and_print(context, words);
}

int verb_fence(const Context& context, const std::string& why) { return ask_and_print(context, {"fence", why}); }

int verb_unfence(const Context& context, bool accepted) {
  return ask_and_print(context, {"unfence", accepted ? "--i-accept" : ""});
}

int verb_maintenance(const Context& context, bool on, const std::string& length, const std::string& reason) {
  if (!on) return ask_and_print(context, {"maintenance", "off"});
  return ask_and_print(context, {"maintenance", "on", length, reason});
}

}  // namespace picket
