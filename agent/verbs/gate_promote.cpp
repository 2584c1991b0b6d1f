// repmgr's hooks: may this standby be promoted? (`failover_validation_command`, `promote_command`,
// `service_promote_command` of repmgr.conf(5).) At level lease the answer is yes only while this node holds the lease;
// at the other levels nobody is kept from anything.

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>
#include <thread>

#include "config/config.hpp"
#include "control_client.hpp"
#include "verbs/verbs.hpp"

namespace picket {
namespace {

constexpr Millis ask_again{100};
constexpr Millis patience{1000};

/// Asks the daemon until it says yes or no for good, or the time is over.
int wait_for_the_lease(const Context& context, const char* verb, Millis within) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + within;
  ControlReply reply;
  while (true) {
    try {
      reply = ask_daemon(context.socket_path, {verb}, patience);
    } catch (const std::runtime_error& error) {
      reply = {1, std::string(error.what()) + "\n"};
    }
    if (reply.status != 1 || Clock::now() >= end) break;
    std::this_thread::sleep_for(ask_again);
  }
  std::cerr << "picket: " << (reply.status == 0 ? "" : "not promoted: ") << reply.text;
  return reply.status;
}

/// 0: there is nothing to ask for; 1: there is; 2: nobody knows.
int gated(const Context& context) {
  try {
    return load_file(context.config_path).policy.level == Level::lease ? 1 : 0;
  } catch (const ConfigError& error) {
    std::cerr << "picket: not promoted: " << error.what() << "\n";
    return 2;
  }
}

}  // namespace

int verb_gate_vote(const Context& context, Millis within) {
  const int asks = gated(context);
  return asks == 1 ? wait_for_the_lease(context, "gate-vote", within) : asks;
}

int verb_gate_promote(const Context& context, Millis within, const std::vector<std::string>& command) {
  const int asks = gated(context);
  const int refused = asks == 1 ? wait_for_the_lease(context, "gate-promote", within) : asks;
  if (refused != 0) return refused;
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments.front(), arguments.data());
  std::cerr << "picket: " << command.front() << ": " << std::strerror(errno) << "\n";
  return 1;
}

}  // namespace picket
