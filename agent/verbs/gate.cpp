#include <iostream>

#include "config/config.hpp"
#include "keepalived/vrrp_files.hpp"
#include "verbs/verbs.hpp"

namespace picket {

int verb_gate_close(const Context& context) {
  Config config;  // the default paths, should the file be the very thing that is wrong
  try {
    config = load_file(context.config_path);
  } catch (const ConfigError& error) {
    std::cerr << "picket: " << error.what() << "; closing the gate at its default place\n";
  }
  if (config.policy.level == Level::observe) return 0;
  VrrpFiles files(config.keepalived.gate_file, config.keepalived.rank_file);
  files.close_gate();
  if (files.problem().empty()) return 0;
  std::cerr << "picket: " << files.problem() << "\n";
  return 1;
}

}  // namespace picket
