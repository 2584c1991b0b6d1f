// The flight recorder from outside: what an administrator finds in the morning, with the agent gone.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>

#include "agent/cluster.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{10'000};

class FlightOf : public testing::Test {
 protected:
  void start(const std::string& more = "") {
    primary_.start_agent({.guard = "fresh = \"1s\"\nsuspect_after = \"1s\"\nisolation_timeout = \"2s\"\n" + more});
    ASSERT_TRUE(primary_.until("R1", limit)) << describe(primary_);
  }
  Ended explain(std::vector<std::string> words) {
    words.insert(words.begin(), "explain");
    return primary_.picket(words);
  }
  std::string recording() const { return primary_.folder() / "state/flight.rec"; }

  Cluster cluster_;
  Member& primary_ = cluster_.node1();
};

TEST_F(FlightOf, AnAgentKilledAfterAFenceTellsWhyItFenced) {
  start();
  {
    const Frozen second(cluster_.node2()), third(cluster_.node3());
    ASSERT_TRUE(primary_.until_dead(limit)) << describe(primary_);
    const auto has = [&](const std::string& text) {
      return explain({"--history"}).out.find(text) != std::string::npos;
    };
    ASSERT_TRUE(took([&] { return has("-- fence: proved"); }, limit)) << explain({"--history"}).out;
  }
  primary_.stop_agent(SIGKILL);

  const Ended told = explain({"--history"});
  EXPECT_EQ(told.code, 0) << told.out << told.err;
  const auto at = [&](const std::string& text) { return told.out.find(text); };
  for (const char* text :
       {"-- picketd ", "  R1 primary", "-> timed out", "  R5 ", "  R4 isolated", "PostgreSQL stop_now (isolated)",
        "  R2h ", "decided again: the same", "postmaster: process alive -> absent", "decided again, all are the same"})
    EXPECT_NE(at(text), std::string::npos) << text << "\n" << told.out;
  EXPECT_LT(at("  R1 primary"), at("  R5 "));
  EXPECT_LT(at("  R5 "), at("  R4 isolated"));
  EXPECT_LT(at("  R4 isolated"), at("-- fence: stopping"));
  EXPECT_LT(at("-- fence: stopping"), at("-- fence: proved"));

  const Ended dead = explain({});
  EXPECT_EQ(dead.code, 3);
  EXPECT_NE(dead.err.find("picket explain --history"), std::string::npos) << dead.err;
  EXPECT_EQ(explain({"--history", "--last", "1"}).code, 0);
  EXPECT_NE(explain({"--history", "--json"}).out.find("\"rule\":\"R4\""), std::string::npos);
  EXPECT_EQ(primary_.picket({"explain", "--history"}, "nobody").code, 3) << "not for everybody";

  // On another machine, by whoever was given a copy.
  const Folder elsewhere;
  run({"/bin/cp", recording(), elsewhere / "copy.rec"});
  run({"/bin/chmod", "644", elsewhere / "copy.rec"});
  const Ended copy = primary_.picket({"explain", elsewhere / "copy.rec"}, "nobody");
  EXPECT_EQ(copy.code, 0) << copy.err;
  EXPECT_NE(copy.out.find("R4 isolated"), std::string::npos);

  // The next agent goes on in the same recording.
  primary_.start_agent();
  EXPECT_TRUE(took(
      [&] {
        return explain({"--history", "--last", "0"}).out.rfind("-- picketd ") > at("-- fence");
      },
      limit));
  EXPECT_NE(explain({"--history", "--last", "0"}).out.find("R4 isolated"), std::string::npos);
}

TEST_F(FlightOf, ACalmClusterWritesNothing) {
  start();
  struct stat info {};
  ASSERT_TRUE(took([&] { return explain({"--history"}).out.find("R1 primary") != std::string::npos; }, limit));
  ASSERT_EQ(stat(recording().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  // Followers and their states still settle after the first verdict.
  const auto calm = took(
      [&] {
        const std::string before = read_text(recording());
        return !took([&] { return read_text(recording()) != before; }, Millis{1500});
      },
      limit);
  EXPECT_TRUE(calm) << explain({"--history"}).out;
}

TEST_F(FlightOf, WhatIfIsAnsweredFromTheFactsOfNow) {
  start();
  const Ended cut = explain({"--what-if", "node2 unreachable, node3 unreachable"});
  EXPECT_EQ(cut.code, 0) << cut.err;
  EXPECT_NE(cut.out.find("now:           R1 primary"), std::string::npos) << cut.out;
  EXPECT_NE(cut.out.find("R5 "), std::string::npos) << cut.out;
  EXPECT_NE(cut.out.find("R4 isolated"), std::string::npos) << cut.out;
  EXPECT_NE(cut.out.find("PostgreSQL would be stopped at once"), std::string::npos) << cut.out;
  const Ended stale = explain({"--what-if", "node2 promoted, node3 follows node2"});
  EXPECT_NE(stale.out.find("R3 stale"), std::string::npos) << stale.out;
  EXPECT_EQ(primary_.picket({"explain", "--what-if", "postgresql hung"}, "nobody").code, 0) << "anybody may ask";
  EXPECT_EQ(primary_.rule(), "R1") << "nothing was done";

  const Ended wrong = explain({"--what-if", "node7 unreachable"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("clauses begin with node1 (this node), node2, node3"), std::string::npos) << wrong.err;
  EXPECT_EQ(explain({"--what-if", "everybody unreachable", "--for", "soon"}).code, 2);
}

TEST_F(FlightOf, AForeignFileInItsPlaceIsSetAsideAndToldOf) {
  write_text(recording(), "somebody's notes\n");
  EXPECT_EQ(explain({"--history"}).code, 3);
  start();
  const std::string told = "is no flight recording; it is now " + recording() + ".bad";
  EXPECT_TRUE(took([&] { return primary_.log().find(told) != std::string::npos; }, limit)) << primary_.log();
  EXPECT_EQ(read_text(recording() + ".bad"), "somebody's notes\n");
  EXPECT_EQ(explain({"--history"}).code, 0);
}

}  // namespace
}  // namespace picket::test
