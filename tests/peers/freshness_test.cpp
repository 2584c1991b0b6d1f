// Who has recorded what a peer said cannot say it again.

#include "peers/freshness.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace picket {
namespace {
using Judgement = Freshness::Judgement;

bool refused(Judgement judged) { return judged == Judgement::unproven || judged == Judgement::replayed; }

/// One end of a link, and what it has sent.
struct End {
  Freshness freshness;
  uint64_t run;
  uint64_t sequence = 0;

  struct Said {
    uint64_t run, sequence, challenge, echo;
  };
  Said say() { return {run, ++sequence, freshness.challenge(), freshness.echo()}; }
  Judgement hear(const Said& said) {
    return freshness.judge(said.run, said.sequence, said.challenge, said.echo, next_random());
  }
  static uint64_t next_random() {
    static uint64_t number = 1000;
    return ++number;
  }
  static End start() { return {Freshness(next_random()), next_random(), 0}; }
};

TEST(Freshness, BelievesAPeerAfterOneRoundTrip) {
  End a = End::start(), b = End::start();
  EXPECT_EQ(b.hear(a.say()), Judgement::unproven);
  EXPECT_EQ(a.hear(b.say()), Judgement::first);
  EXPECT_EQ(b.hear(a.say()), Judgement::first);
  EXPECT_EQ(a.hear(b.say()), Judgement::fresh);
  EXPECT_EQ(b.hear(a.say()), Judgement::fresh);
}

TEST(Freshness, TakesNothingTwiceAndNothingThatWasOvertaken) {
  End a = End::start(), b = End::start();
  a.hear(b.say());
  const auto first = a.say(), second = a.say(), third = a.say(), fourth = a.say();
  EXPECT_EQ(b.hear(second), Judgement::first);
  EXPECT_EQ(b.hear(fourth), Judgement::fresh);
  for (const auto& old : {first, second, third, fourth}) EXPECT_EQ(b.hear(old), Judgement::replayed);
  EXPECT_EQ(b.hear(a.say()), Judgement::fresh);
}

TEST(Freshness, NeverBelievesARunAgainThatIsOver) {
  End a = End::start(), b = End::start();
  std::vector<End::Said> recorded;
  const auto talk = [&] {
    for (int i = 0; i < 3; ++i) {
      recorded.push_back(a.say());
      b.hear(recorded.back());
      a.hear(b.say());
    }
  };
  talk();
  // The sender starts anew, three times; b goes on.
  for (int i = 0; i < 3; ++i) {
    a = End::start();
    for (const auto& old : recorded) EXPECT_TRUE(refused(b.hear(old)));
    talk();
    const auto now = a.say();
    EXPECT_EQ(b.hear(now), Judgement::fresh);
    for (const auto& old : recorded) EXPECT_TRUE(refused(b.hear(old)));
    EXPECT_EQ(b.hear(a.say()), Judgement::fresh) << "the recordings have not put the present run in doubt";
  }
  // The receiver starts anew: all that was ever said is nothing to it.
  b = End::start();
  for (const auto& old : recorded) EXPECT_EQ(b.hear(old), Judgement::unproven);
  a.hear(b.say());
  EXPECT_EQ(b.hear(a.say()), Judgement::first);
}

// What is recorded between the start of a run and the moment at which it is believed carries a challenge that is used
// up by then.
TEST(Freshness, UsesEachChallengeOnce) {
  End a = End::start(), b = End::start();
  b.hear(a.say());
  a.hear(b.say());
  const auto with_the_challenge = a.say();
  EXPECT_EQ(b.hear(with_the_challenge), Judgement::first);
  End a2 = End::start();
  b.hear(a2.say());
  a2.hear(b.say());
  EXPECT_EQ(b.hear(a2.say()), Judgement::first);
  EXPECT_EQ(b.hear(with_the_challenge), Judgement::unproven);
  EXPECT_EQ(b.hear(a2.say()), Judgement::fresh);
}

}  // namespace
}  // namespace picket
