// Three keepers of the lease in one process: real datagrams over loopback, real promises on a real disk, the loop's
// clock. What the machine does is proven in tests/core/lease; here it is seen to be driven.

#include "lease/keeper.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lease/promise_file.hpp"
#include "peers/key.hpp"
#include "peers/socket.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
namespace fs = std::filesystem;

class Keepers : public testing::Test {
 protected:
  struct Member {
    Config config;
    std::unique_ptr<LeaseKeeper> keeper;
    int changes = 0;
  };

  Keepers() {
    char folder[] = "/tmp/picket-keepers-XXXXXX";
    folder_ = mkdtemp(folder);
    EXPECT_EQ(create_key_file(folder_ / "key", random_key()), "");
    std::vector<UdpSocket> places;  // ports that nobody else gets while we look for some
    std::vector<Config::Voter> voters;
    for (int id = 1; id <= 3; ++id) {
      places.push_back(open_udp("127.0.0.1", 0));
      voters.push_back({.id = id, .host = "127.0.0.1", .port = places.back().port});
    }
    for (int id = 1; id <= 3; ++id) {
      Config& config = member(id).config;
      config.lease.voters = voters;
      config.lease.key = folder_ / "key";
      config.lease.listen = "127.0.0.1";
      config.lease.port = voters[static_cast<size_t>(id - 1)].port;
      config.lease.heartbeat = 50ms;
      config.lease.duration = 500ms;
      config.lease.drift = 100ms;
      config.lease.fence_within = 100ms;
      config.state_directory = folder_ / std::to_string(id);
      fs::create_directory(config.state_directory);
    }
  }
  ~Keepers() override {
    for (Member& m : members_) m.keeper.reset();
    fs::remove_all(folder_);
  }

  Member& member(int id) { return members_[static_cast<size_t>(id - 1)]; }
  void start(int id) {
    Member& m = member(id);
    m.keeper = std::make_unique<LeaseKeeper>(loop, names, m.config, id, [&m] { ++m.changes; });
    wish(id, Wish::idle);
  }
  void start_all() {
    for (int id = 1; id <= 3; ++id) start(id);
  }
  void wish(int id, Wish wish) {
    Snapshot snapshot;
    snapshot.verdict.lease = wish;
    member(id).keeper->decided(snapshot);
  }
  bool holds(int id) { return member(id).keeper && boot_now() < member(id).keeper->facts().valid_until; }
  /// How long it took until `done`; more than `within` when it did not come.
  template <typename Done>
  Millis time_until(Done done, Millis within) {
    const Instant begin = boot_now();
    const bool came = loop.run_until(done, within);
    return came ? boot_now() - begin : within + 1ms;
  }
  Promise promise_of(int id) { return read_promise(member(id).config.state_directory + "/promise").promise; }

  static constexpr Millis bound = 700ms;
  Loop loop;
  Worker names{loop};

 private:
  fs::path folder_;
  std::array<Member, 3> members_;
};

TEST_F(Keepers, WinTheLeaseWithinABoundAndRenewIt) {
  start_all();
  wish(1, Wish::hold);
  const Millis won = time_until([&] { return holds(1); }, 3000ms);
  EXPECT_GE(won, 500ms) << "granted by voters that had just started";
  EXPECT_LE(won, bound + 500ms);
  EXPECT_EQ(member(1).changes, 1);
  const Promise promised = promise_of(1);
  EXPECT_EQ(promised.to, 1);
  EXPECT_THAT((std::vector{promise_of(2), promise_of(3)}), testing::Contains(promised)) << "granted, and not on disk";
  // For several times its length nobody else has it, and nobody promises anything new.
  EXPECT_GT(time_until([&] { return !holds(1) || holds(2) || holds(3); }, 2000ms), 2000ms);
  EXPECT_EQ(promise_of(1), promised);
  EXPECT_EQ(member(1).changes, 1);
  EXPECT_EQ(member(2).keeper->facts().won_by, 1);
}

TEST_F(Keepers, HandItOverAtOnceWhenItIsGivenBack) {
  start_all();
  wish(1, Wish::hold);
  ASSERT_TRUE(loop.run_until([&] { return holds(1); }, 3000ms));
  wish(2, Wish::hold);
  EXPECT_GT(time_until([&] { return holds(2); }, 1000ms), 1000ms);
  const Instant begin = boot_now();
  wish(1, Wish::give_back);
  EXPECT_FALSE(holds(1));
  ASSERT_TRUE(loop.run_until([&] { return holds(2); }, 1000ms));
  EXPECT_LT(boot_now() - begin, 500ms) << "no sooner than the bound would have ended";
  EXPECT_GT(member(2).keeper->facts().term, 1U);
}

TEST_F(Keepers, GiveNothingBackWhileTheClientGateMayBeOpen) {
  start_all();
  wish(1, Wish::hold);
  ASSERT_TRUE(loop.run_until([&] { return holds(1); }, 3000ms));
  wish(2, Wish::hold);
  Snapshot snapshot;
  snapshot.verdict.lease = Wish::give_back;
  snapshot.client_gate = ClientGateView{6433, {}, "it cannot be closed", true};
  const Instant begin = boot_now();
  member(1).keeper->decided(snapshot);
  ASSERT_TRUE(loop.run_until([&] { return holds(2); }, 3000ms));
  EXPECT_GT(boot_now() - begin, 500ms) << "before the gate has run out with the lease";
  EXPECT_FALSE(holds(1));
}

TEST_F(Keepers, WaitForNoProofOfDeathBehindAClientGateButForTheirFirstVote) {
  for (int id = 1; id <= 3; ++id) {
    member(id).config.lease.client_gate = true;
    member(id).config.lease.fence_within = 2000ms;
  }
  const Instant started = boot_now();
  start_all();
  wish(1, Wish::hold);
  ASSERT_TRUE(loop.run_until([&] { return holds(1); }, 5000ms));
  EXPECT_GE(boot_now() - started, 2600ms) << "the run before may have had no gate";
  wish(2, Wish::hold);
  const Instant died = boot_now();
  member(1).keeper.reset();
  ASSERT_TRUE(loop.run_until([&] { return holds(2); }, 3000ms));
  EXPECT_GE(boot_now() - died, 400ms) << "duration and drift, less the age of the last heartbeat";
  EXPECT_LE(boot_now() - died, 1500ms);
}

TEST_F(Keepers, BelieveNobodyWhoIsOfAnotherMindAboutTheClientGate) {
  member(1).config.lease.client_gate = true;
  start_all();
  wish(1, Wish::hold);
  EXPECT_GT(time_until([&] { return holds(1); }, 2000ms), 2000ms);
}

TEST_F(Keepers, LoseItWhenTheOthersAreGoneAndOnlyThen) {
  start_all();
  wish(1, Wish::hold);
  ASSERT_TRUE(loop.run_until([&] { return holds(1); }, 3000ms));
  member(3).keeper.reset();
  EXPECT_GT(time_until([&] { return !holds(1); }, 1500ms), 1500ms) << "two of three are a majority";
  const int changes = member(1).changes;
  member(2).keeper.reset();
  const Millis lost = time_until([&] { return member(1).changes != changes; }, 2000ms);
  EXPECT_FALSE(holds(1));
  EXPECT_GE(lost, 400ms);
  EXPECT_LE(lost, 700ms) << "not told at the moment in which it ended";
  // One that comes back has to wait for its bound only when it is asked by another.
  start(2);
  EXPECT_LE(time_until([&] { return holds(1); }, 3000ms), bound);
}

// Else one of priority 0 that happens to have a few bytes more would keep every other from following a dead primary.
TEST_F(Keepers, DenyForTheirLogOnlyWhereTheirOwnStandbyCouldBePromoted) {
  start_all();
  const auto as_standby = [this](int id, Lsn lsn, int priority, Wish wish) {
    Snapshot snapshot;
    snapshot.verdict.lease = wish;
    snapshot.decided = boot_now();
    snapshot.board.self_priority = priority;
    snapshot.board.server.facts.emplace();
    snapshot.board.server.facts->role = Role::standby;
    snapshot.board.server.facts->timeline = 1;
    snapshot.board.server.facts->lsn = lsn;
    snapshot.board.server.facts_asked = snapshot.decided;
    member(id).keeper->decided(snapshot);
  };
  member(1).keeper.reset();  // the primary's host
  const auto wins = [&](int priority_of_other) {
    return time_until(
        [&] {
          as_standby(2, 1000, 100, Wish::hold);
          as_standby(3, 1008, priority_of_other, Wish::idle);
          return holds(2);
        },
        3 * bound);
  };
  EXPECT_GT(wins(100), 3 * bound) << "the third has more, and may be promoted";
  EXPECT_LE(wins(0), 2 * bound);
}

TEST_F(Keepers, WithADiskThatTakesNoPromiseGrantNothing) {
  // Where the folder should be there is a file: no right of root's helps against that.
  start_all();
  for (const int id : {2, 3}) {
    const std::string& folder = member(id).config.state_directory;
    fs::remove(folder);
    std::ofstream{folder};
  }
  wish(1, Wish::hold);
  EXPECT_GT(time_until([&] { return holds(1); }, 2000ms), 2000ms);
  EXPECT_THAT(member(2).keeper->problems(), testing::Contains(testing::HasSubstr("this node grants nothing")));
  // The disk of one is back: the two of them are a majority.
  const std::string& folder = member(2).config.state_directory;
  fs::remove(folder);
  fs::create_directory(folder);
  EXPECT_LE(time_until([&] { return holds(1); }, 3000ms), 2000ms);
  EXPECT_EQ(promise_of(2).to, 1);
}

TEST_F(Keepers, TellEachOtherWhomTheyDoNotReachAndHowFarTheirStandbysAre) {
  start_all();
  Snapshot standby;
  standby.decided = boot_now();
  ServerFacts facts;
  facts.role = Role::standby;
  facts.timeline = 3;
  facts.lsn = 777;
  standby.board.server.facts = facts;
  standby.board.server.facts_asked = standby.decided;
  for (const int node : {1, 3}) {
    Peer peer;
    peer.node.id = node;
    peer.server.session.answer = node == 1 ? Answer::timed_out : Answer::ok;
    if (node == 3) peer.server.session.answered_asked = standby.decided;
    standby.board.peers.push_back(peer);
  }
  member(2).keeper->decided(standby);
  const auto word = [&]() -> const VoterWord* {
    static LeaseFacts known;
    known = member(1).keeper->facts();
    const auto found = std::ranges::find(known.words, 2, &VoterWord::voter);
    return found == known.words.end() ? nullptr : &*found;
  };
  EXPECT_LT(time_until([&] { return word() && !word()->unreachable.empty(); }, 5000ms), 2000ms);
  ASSERT_TRUE(word());
  EXPECT_EQ(word()->unreachable, std::vector{1});
  EXPECT_EQ(word()->role, Role::standby);
  EXPECT_EQ(word()->timeline, 3U);
  EXPECT_EQ(word()->lsn, 777U);
  EXPECT_LE(boot_now() - word()->at, 1000ms);
}

TEST_F(Keepers, WithoutARecordOfWhatTheyPromisedDoNotStart) {
  std::ofstream(member(1).config.state_directory + "/promise") << "picket-promise 1 term 5 to";
  EXPECT_THROW(start(1), std::runtime_error);
}

}  // namespace
}  // namespace picket
