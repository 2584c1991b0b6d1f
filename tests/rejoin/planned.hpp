#pragma once
// What a plan of the way back is made from, on literals.

#include <gtest/gtest.h>

#include "rejoin/plan.hpp"

namespace picket {

class Plan : public testing::Test {
 protected:
  // pg1, a crashed primary of timeline 1; pg2 was promoted to timeline 2 at 0/824370, and pg3 follows it.
  Plan() {
    local.server = LocalData::Server::stopped;
    local.known = true;
    local.system_identifier = primary.system_identifier = 7710794041388292070;
    local.timeline = 1;
    local.control_state = "in production";
    local.checksums = true;
    local.after_fork = WalTail{10, 5, 0x824370 + 520, "10:00", "10:01", ""};
    primary.seen = primary.certified = primary.told = true;
    primary.id = 2;
    primary.name = "pg2";
    primary.followers = {"pg3"};
    primary.timeline = primary.control_timeline = 2;
    primary.history.switches = {{1, 0x824370}};
  }
  RejoinPlan plan() const { return plan_rejoin(local, primary, space, wishes); }
  void nothing_after_the_fork() { local.after_fork = WalTail{}; }

  LocalData local;
  PrimaryData primary;
  Space space;
  Wishes wishes;
};

}  // namespace picket
