#pragma once
// A primary at level lease, as its own agent sees it.

#include <map>
#include <string>
#include <vector>

#include "core/boards.hpp"
#include "core/words.hpp"

namespace picket {

/// pg1 is the primary and renews its lease with every look, until it cannot.
struct Leased : Watcher {
  /// Of each voter that is heard: whom it does not reach.
  std::map<int, std::vector<int>> complaints{{2, {}}, {3, {}}};
  Leased() {
    policy.level = Level::lease;
    board.lease.emplace();
    board.lease->voters = 3;
    board.lease->majority = 2;
    board.lease->won_term = board.lease->term = 4;
    board.lease->won_by = 1;
    board.lease->had = true;
    look(Millis{3000});
  }
  /// Time passes; the lease is renewed at each look or runs on.
  void look(Millis duration, bool renewed = true) {
    for (const Instant end = now + duration; now < end;) {
      if (renewed) renew();
      tick();
    }
  }
  /// The same, and the agents of the other voters are heard.
  void hear(Millis duration, bool renewed = true) {
    for (const Instant end = now + duration; now < end;) {
      for (const auto& [voter, unreachable] : complaints) tell(voter, unreachable);
      look(Millis{250}, renewed);
    }
  }
  void tell(int voter, const std::vector<int>& unreachable) {
    std::erase_if(board.lease->words, [&](const VoterWord& w) { return w.voter == voter; });
    const ServerFacts& truth = facts(voter);
    VoterWord word{.voter = voter, .at = now, .role = truth.role, .timeline = truth.timeline, .lsn = truth.lsn};
    word.system_identifier = truth.system_identifier;
    word.unreachable = unreachable;
    board.lease->words.push_back(word);
  }
  void renew() {
    board.lease->confirmed = now;
    board.lease->valid_until = now + Millis{3000};
  }
  void gives_back() {
    board.lease->term = 0;
    board.lease->valid_until = Instant::min();
    board.lease->had = false;
  }
  void replaced_by(int node, Term term) {
    board.lease->term = 0;
    board.lease->valid_until = Instant::min();
    board.lease->won_term = term;
    board.lease->won_by = node;
  }
};

/// "R1 primary hold": the rule, what is advertised, and what is wanted of the lease.
inline std::string verdict_of(const Watcher& w) {
  return std::string(word(w.verdict.rule)) + " " + std::string(word(w.verdict.advert)) + " " +
         std::string(word(w.verdict.lease));
}

}  // namespace picket
