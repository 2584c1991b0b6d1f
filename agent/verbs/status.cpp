#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "control_client.hpp"
#include "report/status_text.hpp"
#include "verbs/verbs.hpp"

namespace picket {
namespace {

int print_once(const Context& context, bool as_json) {
  const ControlReply reply = ask_daemon(context.socket_path, {"status"}, Millis{2000});
  if (as_json || reply.status != 0) {
    std::cout << reply.text << (reply.text.ends_with('\n') ? "" : "\n");
    return reply.status;
  }
  const auto status = nlohmann::json::parse(reply.text, nullptr, false);
  if (status.is_discarded()) {
    std::cerr << "picket: the daemon's answer is not JSON\n";
    return 3;
  }
  std::cout << status_text(status);
  return 0;
}

}  // namespace

int verb_status(const Context& context, bool as_json, bool watch) {
  try {
    if (!watch) return print_once(context, as_json);
    while (true) {
      std::cout << "\033[H\033[2J";
      print_once(context, as_json);
      std::cout << std::flush;
      sleep(1);
    }
  } catch (const std::exception& error) {
    std::cerr << "picket: " << error.what() << "\n";
    return 3;
  }
}

}  // namespace picket
