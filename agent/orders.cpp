// What an operator may order of the agent, by way of the control socket.

#include <algorithm>

#include "agent.hpp"
#include "config/values.hpp"
#include "core/signals.hpp"
#include "log.hpp"

namespace picket {

ControlReply Agent::fence(const std::string& why, const std::string& who) {
  if (snapshot_.verdict.rule == Rule::W) return {2, "nothing is fenced here: this node is a witness\n"};
  marker_.add(std::string(word(FenceReason::operator_order)), (why.empty() ? "ordered" : why) + " (by " + who + ")",
              snapshot_.verdict.timeline);
  log(Priority::warning, "fenced by order of " + who + ": " + why);
  if (!acts()) return {0, "this node is fenced; nothing is stopped by it, since this is level observe\n"};
  return {0, "this node is fenced; a primary here is stopped now, and stays stopped until `picket unfence`\n"};
}

ControlReply Agent::maintain(Millis length, const std::string& reason, const std::string& who) {
  if (const std::string error = maintenance_.begin(length, reason, who, boot_now()); !error.empty())
    return {1, "not in maintenance: " + error + "\n"};
  soon_.start(Millis{0});
  std::string text = "this node is in maintenance for " + duration_text(length) +
                     ": a standby takes no new reads, and what crashes here is not started by picket\n";
  if (snapshot_.verdict.advert == Advert::primary)
    text += "it is the primary, and stays it: move that away first if PostgreSQL is to be stopped\n";
  return {0, text};
}

ControlReply Agent::end_maintenance(const std::string& who) {
  const bool was = maintenance_.end(who);
  soon_.start(Millis{0});
  return {0, was ? "the maintenance is ended\n" : "this node is not in maintenance\n"};
}

void Agent::mark_stale(const std::string& sentence) {
  marker_.add(std::string(word(FenceReason::stale)), sentence, disk_timeline(snapshot_.board.disk));
}

ControlReply Agent::unfence(const std::string& who, bool accepted) {
  const MarkerFacts& marker = marker_.facts();
  if (accepted && lease_) {
    log(Priority::warning, who + " accepts what is lost should the newest holder of the lease never come back");
    lease_->forget_the_holder();
  }
  if (marker.state == MarkerFacts::State::none) return {0, "this node is not fenced\n"};
  if (const std::string why = rejoin_.in_the_way(snapshot_.board.disk); !why.empty())
    return {2, "still fenced: " + why + "\n"};
  const bool stale = std::ranges::find(marker.reasons, word(FenceReason::stale)) != marker.reasons.end();
  if (stale && !accepted) {
    log(Priority::notice, "not unfenced by order of " + who + ": it is stale, and --i-accept was not said");
    return {
        2,
        "still fenced: " + marker.sentence +
            "\nWhat this node wrote after the other one was promoted exists here only, and what it would be given as a "
            "primary from now on\nwould be lost too: bring it back as a standby with `picket rejoin`. If it is the "
            "other one that has to go: picket unfence --i-accept\n"};
  }
  log(Priority::warning,
      "unfenced by order of " + who + (stale ? ", who accepts the loss" : "") + "; it was: " + marker.sentence);
  marker_.clear_all();
  return {0, "the fence marker is cleared; PostgreSQL is not started by this\n"};
}

ControlReply Agent::ask_for_promotion(bool carried_out) {
  if (!lease_) return {0, "there is no lease at this level: a promotion is not kept from anything\n"};
  if (snapshot_.decided == Instant{}) return {1, "nothing has been decided yet\n"};
  if (gate_ && !gate_->wrong_with_table().empty())
    return {1, "this node may not hold the lease: " + gate_->wrong_with_table() + "\n"};
  return lease_->ask_for_promotion(snapshot_, carried_out);
}

}  // namespace picket
