#pragma once
// Tells a peer's datagrams of now from recordings of its earlier ones. Pure; one object per peer. All numbers come from
// datagrams whose seal is good.
//
// Within a run of the sender only growing sequence numbers are taken. Another run is believed only when it sends back
// our challenge to this peer, and each run that is believed makes us draw a new challenge: nothing that was said in an
// earlier run, of the sender or of ours, can carry that one. So a run, once it is over, stays over.

#include <cstdint>

namespace picket {

class Freshness {
 public:
  /// `challenge` is random and not 0.
  explicit Freshness(uint64_t challenge) : challenge_(challenge) {}

  enum class Judgement : uint8_t {
    fresh,     ///< newer than all before it
    first,     ///< fresh, and the first of its run: the peer, or this agent, has just started
    replayed,  ///< not newer than the newest of its run
    unproven,  ///< of another run, and without our challenge; it says nothing to us yet
  };
  /// `its_challenge` is what the datagram asks us to send back. `next_challenge` replaces ours after `first`; random,
  /// not 0, and drawn after the datagram was received.
  Judgement judge(uint64_t run, uint64_t sequence, uint64_t its_challenge, uint64_t echo, uint64_t next_challenge);

  /// For the next datagram to this peer: what it is to send back, and what we send back (0 = nothing heard yet).
  uint64_t challenge() const { return challenge_; }
  uint64_t echo() const { return echo_; }

 private:
  uint64_t challenge_;
  uint64_t echo_ = 0;
  bool proven_ = false;  ///< there is a run that we believe
  uint64_t run_ = 0;
  uint64_t newest_ = 0;
};

}  // namespace picket
