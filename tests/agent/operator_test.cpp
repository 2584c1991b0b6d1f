// Orders of the operator, who may give them, and the socket by which they come.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <cstdio>

#include "agent/cluster.hpp"
#include "control_client.hpp"
#include "loop/fd.hpp"

namespace picket::test {
namespace {

constexpr Millis limit{8000};

class Operator : public testing::Test {
 protected:
  static void SetUpTestSuite() { cluster_ = std::make_unique<Cluster>(); }
  static void TearDownTestSuite() { cluster_.reset(); }
  void SetUp() override {
    if (primary().server().pid() == 0) primary().server().start();
  }
  void TearDown() override { primary().stop_agent(SIGTERM); }
  void start(const AgentOptions& options = {}) {
    primary().start_agent(options);
    ASSERT_TRUE(primary().until("R1", limit)) << describe(primary());
  }
  static Member& primary() { return cluster_->node1(); }
  static Cluster& cluster() { return *cluster_; }

 private:
  static inline std::unique_ptr<Cluster> cluster_;
};

// A raw client of the control socket.
Fd connected(const Member& member) {
  const sockaddr_un address = control_address(member.socket());
  Fd fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

void say(const Fd& fd, const std::string& text) { (void)!send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL); }

// Everything until the daemon ends the connection; "?" when it does not within the limit.
std::string heard(const Fd& fd, Millis patience) {
  const timeval time{patience.count() / 1000, (patience.count() % 1000) * 1000};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  std::string text;
  char bytes[4096];
  ssize_t got;
  while ((got = recv(fd.get(), bytes, sizeof bytes, 0)) > 0) text.append(bytes, static_cast<size_t>(got));
  return got == 0 || errno == ECONNRESET ? text : "?";
}

TEST_F(Operator, MayFenceAndUnfenceAndNobodyElseMay) {
  start();
  for (const char* verb : {"fence", "unfence"}) {
    const Ended refused = primary().picket({verb}, "nobody");
    EXPECT_EQ(refused.code, 2);
    EXPECT_EQ(refused.err, std::string("only root and the daemon's own user may ") + verb + "\n");
  }
  EXPECT_EQ(primary().rule(), "R1");
  EXPECT_NE(primary().picket({"unfence"}).out.find("not fenced"), std::string::npos);

  const Ended fenced = primary().picket({"fence", "--reason", "a\ttab and\na new line"});
  EXPECT_EQ(fenced.code, 0) << fenced.err;
  const auto dead = primary().until_dead(limit);
  measured("picket fence until dead", dead);
  ASSERT_TRUE(dead) << describe(primary());
  EXPECT_TRUE(primary().until("R2h", limit)) << describe(primary());
  EXPECT_EQ(primary().status()["fence"]["reasons"].dump(), "[\"operator\"]");
  EXPECT_NE(primary().log().find("fenced by order of uid 0: a tab and a new line"), std::string::npos)
      << primary().log();

  {
    const StartedByHand by_hand(primary());
    ASSERT_TRUE(by_hand.until_it_accepts_or_ends(limit));
    const auto again = primary().until_dead(limit);
    measured("a fenced primary accepts connections until dead", again);
    EXPECT_TRUE(again) << describe(primary());

    EXPECT_NE(primary().log().find("R2 PostgreSQL runs as a primary on a fenced node"), std::string::npos);
  }
  EXPECT_EQ(primary().picket({"unfence"}, "postgres").code, 0) << "the daemon's own user may";
  EXPECT_TRUE(took([&] { return !primary().has_marker(); }, limit));
  primary().server().stop();
  primary().server().start();
  EXPECT_TRUE(primary().until("R1", limit)) << describe(primary());
}

// Outside its unit the agent sees the processes of everybody, and may not examine them.
TEST_F(Operator, NeverWaitsForTheProcessesOfAnotherUser) {
  const Unexaminable foreign("nobody");
  start({.sees_everybody = true});
  EXPECT_EQ(primary().picket({"fence"}).code, 0);
  ASSERT_TRUE(primary().until_dead(limit)) << describe(primary());
  EXPECT_TRUE(took([&] { return primary().status()["fence"]["phase"] == "proved"; }, limit))
      << primary().status()["fence"];
  EXPECT_EQ(primary().picket({"unfence"}).code, 0);
  primary().server().stop();
}

TEST_F(Operator, LiftsAStaleMarkerOnlyWhenHeAcceptsTheLoss) {
  write_text(
      primary().marker_path(),
      R"({"schema": 1, "boot_id": "", "reasons": [{"reason": "stale", "sentence": "node2 is the primary", "at": "", )"
      R"("timeline": 1}]})");
  primary().start_agent();
  ASSERT_TRUE(primary().until_dead(limit)) << describe(primary());
  const Ended refused = primary().picket({"unfence"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("still fenced: node2 is the primary\n"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("picket rejoin"), std::string::npos) << refused.err;
  EXPECT_TRUE(primary().has_marker());
  EXPECT_NE(primary().log().find("not unfenced by order of uid 0"), std::string::npos) << primary().log();
  EXPECT_EQ(primary().picket({"unfence", "--i-accept"}, "nobody").code, 2);

  EXPECT_EQ(primary().picket({"unfence", "--i-accept"}).code, 0);
  EXPECT_TRUE(took([&] { return !primary().has_marker(); }, limit)) << describe(primary());
  EXPECT_NE(primary().log().find("unfenced by order of uid 0, who accepts the loss; it was: node2 is the primary"),
            std::string::npos)
      << primary().log();
  primary().server().stop();
  primary().server().start();
  EXPECT_TRUE(primary().until("R1", limit)) << describe(primary());
}

TEST_F(Operator, EndsAFenceThatCannotBeProved) {
  const Unexaminable foreign("postgres");
  start({.sees_everybody = true});
  EXPECT_EQ(primary().picket({"fence"}).code, 0);
  ASSERT_TRUE(primary().until_dead(limit)) << describe(primary());
  const auto phase = [](const std::string& name) {
    return took([&] { return primary().status()["fence"]["phase"] == name; }, limit);
  };
  EXPECT_TRUE(phase("not proved")) << primary().status()["fence"];
  EXPECT_NE(primary().log().find("fence: not proved"), std::string::npos) << primary().log();

  EXPECT_EQ(primary().picket({"unfence"}).code, 0);
  EXPECT_TRUE(phase("idle")) << primary().status()["fence"];
  primary().server().stop();
  primary().server().start();
  EXPECT_TRUE(primary().until("R1", limit)) << describe(primary());
  EXPECT_FALSE(took([&] { return primary().rule() != "R1"; }, Millis{1500})) << describe(primary());
}

TEST_F(Operator, AtLevelObserveIsToldThatNothingIsStopped) {
  start({.level = "observe"});
  const Ended fenced = primary().picket({"fence"});
  EXPECT_NE(fenced.out.find("level observe"), std::string::npos) << fenced.out;
  EXPECT_EQ(fenced.out.find("is stopped now"), std::string::npos) << fenced.out;
  EXPECT_FALSE(took([&] { return primary().until_dead(Millis{0}).has_value(); }, Millis{1500}));
  EXPECT_EQ(primary().picket({"unfence"}).code, 0);
  EXPECT_TRUE(primary().until("R1", limit)) << describe(primary());
}

TEST_F(Operator, AtLevelObserveIsToldOfAFifoThatIsNone) {
  std::remove(primary().fifo().c_str());
  write_text(primary().fifo(), "");
  start({.level = "observe"});
  const std::string told = "picketd: " + primary().fifo() + ": is not a FIFO";
  EXPECT_TRUE(took([&] { return primary().log().find(told) != std::string::npos; }, limit)) << primary().log();
  std::remove(primary().fifo().c_str());
}

TEST_F(Operator, AMalformedMarkerFencesUntilHeLiftsIt) {
  write_text(primary().marker_path(), "{\"schema\": 1, \"reas");
  primary().start_agent();
  const auto dead = primary().until_dead(limit);
  ASSERT_TRUE(dead) << describe(primary());
  EXPECT_TRUE(primary().until("R2h", limit));
  const auto status = primary().status();
  EXPECT_NE(std::string(status["verdict"]["sentence"]).find("counts as fenced: " + primary().marker_path()),
            std::string::npos)
      << status["verdict"];
  EXPECT_EQ(primary().picket({"unfence"}).code, 0);
  EXPECT_TRUE(took([&] { return !primary().has_marker(); }, limit)) << describe(primary());
  primary().server().stop();
  primary().server().start();
  EXPECT_TRUE(primary().until("R1", limit)) << describe(primary());
}

TEST_F(Operator, IsAnsweredThoughOthersSendGarbageOrNothing) {
  start();
  std::vector<Fd> silent;
  for (int i = 0; i < 80; ++i) silent.push_back(connected(primary()));

  const Fd garbage = connected(primary());
  say(garbage, std::string("\x00\xff\x01\t\t\xfe\n", 7));
  EXPECT_TRUE(heard(garbage, Millis{1000}).starts_with("2\nunknown verb: "));
  const Fd empty = connected(primary());
  say(empty, "\n");
  EXPECT_EQ(heard(empty, Millis{1000}), "2\nunknown verb: \n");
  const Fd endless = connected(primary());
  for (int i = 0; i < 5; ++i) say(endless, std::string(1000, 'x'));
  EXPECT_EQ(heard(endless, Millis{1000}), "") << "hung up on";
  { const Fd rude = connected(primary()); }
  const Fd bare = connected(primary());
  say(bare, "notify\ncheck\tprimary\n");
  EXPECT_TRUE(heard(bare, Millis{1000}).starts_with("2\n"));

  EXPECT_EQ(primary().picket({"check", "primary"}).code, 0);
  const auto let_go = took([&] { return heard(silent.back(), Millis{50}) == ""; }, Millis{4000});
  measured("a silent client of the control socket is let go after", let_go);
  EXPECT_TRUE(let_go);
  EXPECT_EQ(primary().rule(), "R1");
}

}  // namespace
}  // namespace picket::test
