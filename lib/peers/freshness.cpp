#include "peers/freshness.hpp"

namespace picket {

Freshness::Judgement Freshness::judge(uint64_t run, uint64_t sequence, uint64_t its_challenge, uint64_t echo,
                                      uint64_t next_challenge) {
  if (proven_ && run == run_) {
    if (sequence <= newest_) return Judgement::replayed;
    newest_ = sequence;
    echo_ = its_challenge;
    return Judgement::fresh;
  }
  // Sent back also to a run that is not proven yet: that is how it comes to believe us, and we it. A recording can only
  // delay that until the next genuine datagram.
  echo_ = its_challenge;
  if (echo != challenge_) return Judgement::unproven;
  proven_ = true;
  run_ = run;
  newest_ = sequence;
  challenge_ = next_challenge;
  return Judgement::first;
}

}  // namespace picket
