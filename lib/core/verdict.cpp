#include "core/verdict.hpp"

namespace picket {

std::string_view word(Rule rule) {
  switch (rule) {
    case Rule::W: return "W";
    case Rule::R0: return "R0";
    case Rule::R0b: return "R0b";
    case Rule::R2: return "R2";
    case Rule::R2h: return "R2h";
    case Rule::B3: return "B3";
    case Rule::R3: return "R3";
    case Rule::R3c: return "R3c";
    case Rule::R9: return "R9";
    case Rule::R10c: return "R10c";
    case Rule::R10: return "R10";
    case Rule::R8: return "R8";
    case Rule::R4b: return "R4b";
    case Rule::R4: return "R4";
    case Rule::R7: return "R7";
    case Rule::R7a: return "R7a";
    case Rule::R11: return "R11";
    case Rule::R14: return "R14";
    case Rule::R5: return "R5";
    case Rule::R1: return "R1";
    case Rule::R6: return "R6";
    case Rule::R12: return "R12";
    case Rule::R13: return "R13";
    case Rule::R16: break;
  }
  return "R16";
}

std::string_view word(Advert advert) {
  switch (advert) {
    case Advert::primary: return "primary";
    case Advert::replica: return "replica";
    case Advert::down: break;
  }
  return "down";
}

std::string_view word(Vrrp vrrp) {
  switch (vrrp) {
    case Vrrp::hold: return "hold";
    case Vrrp::raise: return "raise";
    case Vrrp::lower: return "lower";
    case Vrrp::fault: break;
  }
  return "fault";
}

std::string_view word(Action action) {
  switch (action) {
    case Action::stop_fast: return "stop_fast";
    case Action::stop_now: return "stop_now";
    case Action::kill_rest: return "kill_rest";
    case Action::start: return "start";
    case Action::none: break;
  }
  return "none";
}

std::string_view word(FenceReason reason) {
  switch (reason) {
    case FenceReason::stale: return "stale";
    case FenceReason::isolated: return "isolated";
    case FenceReason::hung: return "hung";
    case FenceReason::unreachable: return "unreachable";
    case FenceReason::operator_order: return "operator";
    case FenceReason::none: break;
  }
  return "none";
}

std::string_view word(Wish wish) {
  switch (wish) {
    case Wish::hold: return "hold";
    case Wish::give_back: return "give_back";
    case Wish::idle: break;
  }
  return "idle";
}

std::string_view word(ClientGate gate) {
  switch (gate) {
    case ClientGate::leave: return "leave";
    case ClientGate::keep: return "keep";
    case ClientGate::open: return "open";
    case ClientGate::closed: break;
  }
  return "closed";
}

bool same_but_for_alarms(Verdict a, const Verdict& b) {
  a.alarms = b.alarms;
  a.lease = b.lease;
  a.client_gate = b.client_gate;
  return a == b;
}

}  // namespace picket
