// What would happen here if: the words, and that the answer is the one that decide() gives when it does happen.
#include "flight/what_if.hpp"

#include <gmock/gmock.h>

#include "flight/flights.hpp"

namespace picket {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FlightRecord live(const Watcher& w) {
  FlightRecord record = record_of(w.memory, w);
  record.kind = FlightRecord::Kind::live;
  return record;
}

Watcher calm(int nodes = 3, int primary = 1) {
  Watcher w(nodes, primary);
  w.run(Millis{5000});
  return w;
}

WhatIf ask(const Watcher& w, std::string_view text, Millis length = Millis{15'000}) {
  WhatIf answer = what_if(live(w), text, {.length = length});
  EXPECT_EQ(answer.error, "") << text;
  return answer;
}

std::vector<Rule> rules(const WhatIf& answer) {
  std::vector<Rule> rules;
  for (const auto& moment : answer.moments)
    if (rules.empty() || rules.back() != moment.verdict.rule) rules.push_back(moment.verdict.rule);
  return rules;
}

TEST(WhatIf, OneStandbyIsUnreachableNothingHappens) {
  for (const auto& moment : ask(calm(), "pg2 unreachable").moments) EXPECT_EQ(moment.verdict.rule, Rule::R1);
}

TEST(WhatIf, NobodyAnswersThePrimaryIsStoppedWhenItWouldBe) {
  const WhatIf answer = ask(calm(), "pg2 unreachable, pg3 unreachable");
  EXPECT_THAT(rules(answer), ElementsAre(Rule::R5, Rule::R4));
  EXPECT_TRUE(answer.ends);
  EXPECT_EQ(answer.moments.back().verdict.action, Action::stop_now);

  // The same as a fact: the same verdicts, at the same moments, up to one look.
  Watcher w = calm();
  w.says(2, Says::silent);
  w.says(3, Says::silent);
  const Instant begin = w.now;
  while (w.verdict.rule != Rule::R4) w.tick();
  EXPECT_LE(answer.moments.back().after - (w.now - begin), Millis{250});
  EXPECT_GE(answer.moments.back().after - (w.now - begin), Millis{-250});
  EXPECT_EQ(answer.moments.back().verdict.sentence, w.verdict.sentence);

  EXPECT_EQ(rules(ask(calm(), "everybody unreachable")), rules(answer));
  EXPECT_EQ(rules(ask(calm(), "pg1 unreachable")), rules(answer)) << "this node, cut off";
}

TEST(WhatIf, AnotherIsPromotedAndFollowedThePrimaryIsStale) {
  EXPECT_FALSE(ask(calm(), "pg2 promoted").ends) << "nobody follows it";
  const WhatIf answer = ask(calm(), "pg2 is promoted, pg3 follows pg2");
  EXPECT_TRUE(answer.ends);
  EXPECT_EQ(answer.moments.back().verdict.rule, Rule::R3);
  EXPECT_EQ(answer.moments.back().verdict.reason, FenceReason::stale);
  EXPECT_THAT(answer.moments.back().verdict.sentence, HasSubstr("pg2"));
  EXPECT_THAT(answer.supposed,
              ElementsAre("pg2 is promoted to timeline 2, nobody follows it yet", "pg3 streams from pg2"));
}

TEST(WhatIf, TheServerHereHangs) {
  const WhatIf answer = ask(calm(), "postgresql hung");
  EXPECT_THAT(rules(answer), ElementsAre(Rule::R7a, Rule::R7));
  EXPECT_EQ(rules(ask(calm(), "pg1 hung")), rules(answer));
}

TEST(WhatIf, TheServerHereIsShutDown) {
  const WhatIf answer = ask(calm(), "postgresql stopped");
  EXPECT_EQ(answer.moments.back().verdict.rule, Rule::R10);
  EXPECT_FALSE(answer.ends);
}

TEST(WhatIf, SeenFromAStandbyItsPrimaryGoesDown) {
  const WhatIf down = ask(calm(3, 2), "pg2 refused");
  EXPECT_EQ(down.moments.back().verdict.rule, Rule::R13);
  // With the other as the new primary it follows again.
  const WhatIf taken_over = ask(calm(3, 2), "pg2 refused, pg3 promoted, pg1 follows pg3");
  ASSERT_FALSE(taken_over.moments.empty());
  EXPECT_EQ(taken_over.moments.back().verdict.rule, Rule::R12);
}

TEST(WhatIf, KeepalivedDiesWithTheAddressHere) {
  Watcher w = calm(3, 2);
  w.board.address = {.state = AddressFacts::State::present};
  w.board.keepalived.state = KeepalivedFacts::State::alive;
  w.run(Millis{1000});
  const WhatIf answer = ask(w, "keepalived dead");
  ASSERT_FALSE(answer.moments.empty());
  EXPECT_TRUE(answer.moments.back().verdict.remove_address);
  EXPECT_THAT(what_if_text(answer, Level::guard), HasSubstr("the address would be taken off this host\n"));
}

TEST(WhatIf, NothingIsSupposedToChangeNothingChanges) {
  // Whatever the cluster is like just now, what stays as it is does not move the verdict but by its own bounds.
  EXPECT_THAT(ask(calm(), "pg2 follows pg1").moments, IsEmpty());
  Watcher w = calm();
  w.says(2, Says::refused);
  w.run(Millis{3000});
  EXPECT_THAT(ask(w, "pg2 refused").moments, IsEmpty());
}

TEST(WhatIf, IsRefusedWhereItMakesNoSenseWithWhatWouldMakeSome) {
  const auto error = [](std::string_view text) { return what_if(live(calm()), text, {}).error; };
  EXPECT_EQ(error("pg9 unreachable"),
            "\"pg9 unreachable\" is not known here; clauses begin with pg1 (this node), pg2, pg3, everybody or "
            "postgresql, or are \"keepalived dead\" or \"dbus gone\"");
  EXPECT_EQ(error("pg2 sleeps"),
            "\"sleeps\": pg2 can be supposed to be: unreachable, refused, hung, promoted, follows NODE");
  EXPECT_EQ(error("pg2"), "pg2 can be supposed to be: unreachable, refused, hung, promoted, follows NODE");
  EXPECT_EQ(error("pg2 follows"),
            "\"follows\": pg2 can be supposed to be: unreachable, refused, hung, promoted, follows NODE");
  EXPECT_EQ(error("pg2 follows pg2"), "\"pg2\" is no node that pg2 could follow");
  EXPECT_EQ(error("postgresql promoted"),
            "\"promoted\": PostgreSQL here can be supposed to be: crashed, stopped, hung, unreachable, follows NODE");
  EXPECT_EQ(error("pg2 refused,,"), "an empty clause");
  EXPECT_EQ(error(""), "an empty clause");
  EXPECT_NE(error("keepalived drunk"), "");
  EXPECT_THAT(what_if_words(), HasSubstr("NODE follows NODE"));
}

TEST(WhatIf, IsToldInVirtualTime) {
  const std::string text = what_if_text(ask(calm(), "everybody unreachable"), Level::guard);
  EXPECT_THAT(text, HasSubstr("now:           R1 primary"));
  EXPECT_THAT(text, HasSubstr("supposed:      pg2 does not answer this node any more"));
  EXPECT_THAT(text, testing::ContainsRegex("after [0-9.]+ s +R5 "));
  EXPECT_THAT(text, testing::ContainsRegex("after 4\\.[0-9]+ s +R4 isolated"));
  EXPECT_THAT(text, HasSubstr("PostgreSQL would be stopped at once\n"));
  EXPECT_THAT(text, testing::EndsWith("and from there on the facts would be others\n"));
  EXPECT_THAT(what_if_text(ask(calm(), "everybody unreachable"), Level::observe),
              HasSubstr("level observe: nothing would be done"));
  EXPECT_THAT(what_if_text(ask(calm(), "pg2 follows pg1"), Level::guard),
              testing::EndsWith("nothing else within 15.00 s\n"));
}

}  // namespace
}  // namespace picket
