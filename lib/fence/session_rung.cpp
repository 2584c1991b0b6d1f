#include "fence/session_rung.hpp"

namespace picket {

void SessionRung::begin_anew() {
  what_.clear();
  cut_ = 0;
  last_ = {};
}

void SessionRung::cut(const FenceTarget& target, Action action) {
  const bool all = action == Action::stop_now;
  const bool some = action == Action::stop_fast && !target.virtual_address.empty();
  if (cutter_ == nullptr || target.port == 0 || !(all || some)) return;
  last_ = cutter_->cut(target.port, all ? "" : target.virtual_address, target.followers);
  cut_ += last_.cut;
  const std::string port = std::to_string(target.port);
  what_ = "cut the sessions on " + (all ? "port " + port : target.virtual_address + ":" + port);
}

std::string SessionRung::outcome() const {
  if (cut_ == 0 && last_.error.empty()) return "none was there";
  std::string text = std::to_string(cut_) + " cut";
  if (last_.failed > 0) text += ", " + std::to_string(last_.failed) + " not";
  if (!last_.error.empty()) text += ": " + last_.error;
  return text;
}

}  // namespace picket
