// R11: the other voters do not reach this primary's PostgreSQL. Whom that may stop, and above all whom not.

#include "core/unreached.hpp"

#include <gmock/gmock.h>

#include "core/leased.hpp"

namespace picket {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Watched : Leased {
  Watched() {
    for (int node = 1; node <= 3; ++node) facts(node).lsn = 1'000'000;
    hear(5s);
  }
  void all_complain() { complaints = {{2, {1}}, {3, {1}}}; }
  VoterWord& word_of(int voter) {
    return *std::ranges::find_if(board.lease->words, [&](const VoterWord& w) { return w.voter == voter; });
  }
};

TEST(UnreachedPrimary, IsStoppedInGoodOrderForAStandbyThatHasAllOfItsLog) {
  Watched w;
  w.all_complain();
  const Instant begin = w.now;
  w.hear(9750ms);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  EXPECT_EQ(w.verdict.advert, Advert::primary);
  while (w.verdict.rule == Rule::R1 && w.now - begin < 20s) w.hear(250ms);
  EXPECT_EQ(w.now - begin, 10'250ms);
  EXPECT_EQ(w.verdict.rule, Rule::R11);
  EXPECT_EQ(w.verdict.action, Action::stop_fast);
  EXPECT_EQ(w.verdict.reason, FenceReason::unreachable);
  EXPECT_EQ(w.verdict.advert, Advert::down);
  EXPECT_EQ(w.verdict.vrrp, Vrrp::fault);
  EXPECT_EQ(w.verdict.lease, Wish::hold) << "nobody else may have it before it is dead";
  EXPECT_THAT(w.verdict.sentence,
              HasSubstr("pg2 and pg3, a majority of the 3 voters, have not reached PostgreSQL here for 10 s"));
  EXPECT_THAT(w.verdict.sentence, HasSubstr("pg2 could take over"));
}

TEST(UnreachedPrimary, IsStoppedToTheEndWhateverIsSaidMeanwhileAndThenGivesTheLeaseBack) {
  Watched w;
  w.all_complain();
  w.hear(11s);
  ASSERT_EQ(w.verdict.rule, Rule::R11);
  const std::string sentence = w.verdict.sentence;
  w.fenced({"unreachable"});
  w.board.postmaster.status = "stopping";
  w.complaints = {{2, {}}, {3, {}}};
  w.hear(2s);
  EXPECT_EQ(w.verdict.rule, Rule::R11);
  EXPECT_EQ(w.verdict.action, Action::stop_fast) << "its own marker makes it no harder";
  EXPECT_EQ(w.verdict.sentence, sentence);
  w.policy.unreachable_stop = 0ms;
  w.hear(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R11) << "maintenance that begins now comes too late";
  w.local_dead();
  w.hear(500ms);
  EXPECT_EQ(w.verdict.rule, Rule::R2h);
  EXPECT_EQ(w.verdict.lease, Wish::give_back);
}

TEST(UnreachedPrimary, IsNotStoppedByOneVoter) {
  Watched w;
  w.complaints = {{2, {1}}, {3, {}}};
  w.hear(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  w.complaints.erase(3);  // not heard at all
  w.hear(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  EXPECT_THAT(w.verdict.alarms, Not(Contains(HasSubstr("do not reach"))));
}

TEST(UnreachedPrimary, IsNotStoppedByWordsOfAMomentAgo) {
  Watched w;
  w.all_complain();
  w.hear(1s);
  w.look(60s);  // the last words stand
  EXPECT_EQ(w.verdict.rule, Rule::R1);
}

TEST(UnreachedPrimary, IsNotStoppedForWhatFlaps) {
  Watched w;
  for (int i = 0; i < 20; ++i) {
    w.all_complain();
    w.hear(3s);
    w.complaints = {{2, {1}}, {3, {}}};
    w.hear(3s);
    ASSERT_EQ(w.verdict.rule, Rule::R1) << i;
  }
}

TEST(UnreachedPrimary, IsNotStoppedWhenNobodyCouldTakeOver) {
  const auto after = [](auto change) {
    Watched w;
    w.complaints = {{2, {1}}, {3, {1, 2}}};  // whoever takes over must be reached: pg2 is not, pg3 is
    change(w);
    w.hear(30s);
    if (w.verdict.rule == Rule::R1) {
      EXPECT_THAT(w.verdict.alarms, Contains(HasSubstr("pg2 and pg3 do not reach PostgreSQL here")));
    }
    return w.verdict.rule;
  };
  EXPECT_EQ(after([](Watched&) {}), Rule::R11);
  EXPECT_EQ(after([](Watched& w) { w.complaints[2] = {1, 3}; }), Rule::R1) << "they do not reach each other either";
  EXPECT_EQ(after([](Watched& w) { w.facts(3).lsn -= 20'000; }), Rule::R1) << "it lacks some of the log";
  EXPECT_EQ(after([](Watched& w) { w.facts(3).lsn -= 10'000; }), Rule::R11) << "what was on its way";
  EXPECT_EQ(after([](Watched& w) { w.facts(3).timeline = 2; }), Rule::R1);
  EXPECT_EQ(after([](Watched& w) { w.facts(3).system_identifier = 42; }), Rule::R1);
  EXPECT_EQ(after([](Watched& w) { w.facts(3).role = Role::unknown; }), Rule::R1);
  EXPECT_EQ(after([](Watched& w) { w.peer(3).node.type = Node::Type::witness; }), Rule::R1);
  EXPECT_EQ(after([](Watched& w) { w.peer(3).node.priority = 0; }), Rule::R1) << "repmgrd never promotes it";
}

TEST(UnreachedPrimary, IsStoppedForAStandbyThatLacksOnlyWhatIsNoCommit) {
  const auto after = [](auto while_unreached) {
    Watched w;
    w.facts(1).transactions = 7;
    w.facts(1).insert_lsn = w.facts(1).lsn;
    w.hear(2s);
    w.all_complain();
    for (int i = 0; i < 60; ++i) {
      while_unreached(w.facts(1), i);
      w.hear(500ms);
    }
    return w.verdict.rule;
  };
  constexpr Lsn file = 16 * 1024 * 1024;
  EXPECT_EQ(after([](ServerFacts& own, int i) {
              if (i == 5) own.insert_lsn = own.lsn += file;
            }),
            Rule::R11)
      << "a log that grows by itself";
  EXPECT_EQ(after([](ServerFacts& own, int) { own.insert_lsn = own.lsn += 1000; }), Rule::R1)
      << "it may be a transaction that goes on";
  EXPECT_EQ(after([](ServerFacts& own, int i) {
              if (i < 30) own.insert_lsn = own.lsn += 1000;
            }),
            Rule::R11)
      << "it was none, or it was rolled back with its session";
  EXPECT_EQ(after([](ServerFacts& own, int i) {
              if (i == 0) own.transactions = 8;
              if (i == 1) own.insert_lsn = own.lsn += file;
            }),
            Rule::R11)
      << "a commit that the standby has, and then a switch to the next file";
  EXPECT_EQ(after([](ServerFacts& own, int i) {
              if (i == 0) own.transactions = 8, own.insert_lsn += 100'000;
              if (i == 20) own.lsn = own.insert_lsn;
            }),
            Rule::R1)
      << "an asynchronous commit that is written ten seconds later";
  EXPECT_EQ(after([](ServerFacts& own, int i) {
              if (i == 5) own.insert_lsn = own.lsn += file;
              if (i == 10) own.transactions = 8;
            }),
            Rule::R1)
      << "a commit behind the end of the standby's log";
  EXPECT_EQ(after([](ServerFacts& own, int i) {
              if (i == 5) own.insert_lsn = own.lsn += file;
              if (i == 10) own.transactions = 0;
            }),
            Rule::R1)
      << "not known";
}

TEST(UnreachedPrimary, IsNotStoppedForAStandbyThatIsFencedOrInMaintenance) {
  Watched w;
  w.complaints = {{2, {1}}, {3, {1, 2}}};
  for (const bool fenced : {true, false}) {
    for (const Instant end = w.now + 30s; w.now < end; w.look(250ms)) {
      w.tell(2, {1}), w.tell(3, {1, 2});
      (fenced ? w.word_of(3).fenced : w.word_of(3).maintenance) = true;
    }
    EXPECT_EQ(w.verdict.rule, Rule::R1) << fenced;
  }
}

TEST(UnreachedPrimary, IsNotStoppedWhereItIsSwitchedOffNorAtLevelGuard) {
  Watched off;
  off.policy.unreachable_stop = 0ms;  // by the configuration, or in maintenance
  off.all_complain();
  off.hear(60s);
  EXPECT_EQ(off.verdict.rule, Rule::R1);
  EXPECT_THAT(off.verdict.alarms,
              Contains("pg2 and pg3 do not reach PostgreSQL here, while their agents hear this one"));
  Watcher guard;
  guard.run(5s);
  guard.says(2, Says::silent);
  guard.run(60s);
  EXPECT_EQ(guard.verdict.rule, Rule::R1);
}

TEST(UnreachedPrimary, IsNotStoppedWhenItHasNeverBeenReached) {
  Watched w;
  w.all_complain();
  w.local_new_postmaster();  // it came back, and the firewall is as it was
  w.hear(60s);
  EXPECT_EQ(w.verdict.rule, Rule::R1);
  EXPECT_THAT(w.verdict.alarms, Contains(HasSubstr("do not reach PostgreSQL here")));
  w.complaints = {{2, {}}, {3, {}}};
  w.hear(1s);
  w.all_complain();
  w.hear(11s);
  EXPECT_EQ(w.verdict.rule, Rule::R11);
}

TEST(UnreachedPrimary, CountsAnewWhenItsLeaseOrItsOwnServerWasInDoubt) {
  for (const bool lease : {true, false}) {
    Watched w;
    w.all_complain();
    w.hear(8s);
    if (lease) {
      w.look(2s, false);  // suspect
      ASSERT_EQ(w.verdict.rule, Rule::R5);
    } else {
      w.says(1, Says::silent);
      w.hear(3s);
      w.says(1, Says::ok);
    }
    w.hear(9s);
    EXPECT_EQ(w.verdict.rule, Rule::R1) << lease;
  }
}

TEST(UnreachedPrimary, StartsAgainWhenNobodyHasTakenOverForAsLongAsThatMayTake) {
  Watched w;
  w.all_complain();
  w.hear(11s);
  w.fenced({"unreachable"});
  w.local_dead();
  w.gives_back();
  w.hear(29s, false);
  EXPECT_EQ(w.verdict.rule, Rule::R2h);
  w.hear(5s, false);
  EXPECT_EQ(w.verdict.rule, Rule::B3);
  EXPECT_TRUE(w.verdict.clear_marker);
  EXPECT_THAT(w.verdict.sentence, HasSubstr("nobody has taken over"));
}

TEST(UnreachableNodes, AreThoseThatTheNetworkDoesNotLetThroughAndNoOthers) {
  Watcher w(3, 1);
  const auto list = [&] { return unreachable_nodes(w.board, w.now, w.policy.fresh); };
  EXPECT_THAT(list(), IsEmpty()) << "nothing was asked yet";
  w.run(5s);
  EXPECT_THAT(list(), IsEmpty());
  w.says(2, Says::silent);
  w.run(1250ms);
  ASSERT_EQ(w.peer(2).server.session.answer, Answer::timed_out);
  EXPECT_THAT(list(), IsEmpty()) << "it answered a moment ago";
  for (const Says how : {Says::silent, Says::refused, Says::unreachable}) {
    w.says(2, how);
    w.run(5s);
    EXPECT_THAT(list(), ElementsAre(2)) << static_cast<int>(how);
  }
  for (const Says how : {Says::frozen, Says::full, Says::locked_out, Says::starting, Says::stopping, Says::failed}) {
    w.says(2, Says::ok);
    w.run(5s);
    w.says(2, how);
    w.run(5s);
    EXPECT_THAT(list(), IsEmpty()) << static_cast<int>(how);
  }
}

}  // namespace
}  // namespace picket
