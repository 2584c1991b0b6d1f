// rejoin = "auto": when the job is started, and when it is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/programs.hpp"
#include "postgres/throwaway.hpp"
#include "rejoin/automatic.hpp"
#include "systemd/fake_systemd.hpp"
#include "systemd/private_bus.hpp"

namespace picket::test {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* order = "StartUnit picket-rejoin.service replace";

struct RunningBus : PrivateBus {
  RunningBus() { start(); }
};

class Auto : public testing::Test {
 protected:
  Auto() {
    config_.rejoin.automatic = true;
    config_.run_directory = folder_ / "run";
    config_.state_directory = folder_ / "state";
    for (const char* name : {"run", "state"}) run_as_postgres({"/bin/mkdir", folder_ / name});
    board_.postmaster.process = PostmasterFacts::Process::absent;
    board_.disk.known = true;
    board_.disk.checkpoint_timeline = 1;
    board_.marker.state = MarkerFacts::State::fenced;
    board_.marker.reasons = {"stale"};
    loop_.run_until([this] { return dbus_.connected(); }, Millis{5000});
  }
  /// A minute of decisions, each quarter of a second, with all that they set going.
  void a_minute(bool proven = true) {
    for (int i = 0; i < 240; ++i) {
      now_ += Millis{250};
      rejoin_.consider(board_, proven, now_);
      if (i % 40 == 0) loop_.run_until([] { return false; }, Millis{150});
    }
  }
  /// Whatever was ordered gets its time to arrive: nothing is counted before.
  size_t starts() {
    loop_.run_until([] { return false; }, Millis{150});
    return orders();
  }
  size_t orders() const { return static_cast<size_t>(std::ranges::count(systemd_.orders, std::string(order))); }
  /// What the job leaves behind; read by the daemon at its next look.
  void job_ends(int automatic, bool final, const std::string& result) {
    RejoinRecord record;
    record.state = RejoinRecord::State::failed;
    record.by = "auto";
    record.sentence = "no room";
    record.ended = "2026-11-22T03:00:00Z";
    record.timeline = 1;
    record.automatic = automatic;
    record.final = final;
    ASSERT_EQ(write_rejoin_record(rejoin_record_path(config_.state_directory), record), "");
    const std::string before = rejoin_.sentence();
    systemd_.emit_job_removed(last_job_++, result);
    loop_.run_until([&] { return rejoin_.sentence() != "" && rejoin_.sentence() != before; }, Millis{1000});
  }

  Folder folder_;
  Loop loop_;
  RunningBus bus_;
  FakeSystemd systemd_{loop_, bus_.address()};
  Worker disk_{loop_};
  Bus dbus_{loop_, bus_.address(), {}};
  Units units_{dbus_};
  Config config_;
  Board board_;
  AutoRejoin rejoin_{loop_, disk_, units_, config_};
  Instant now_ = boot_now();
  uint32_t last_job_ = 100;
};

TEST_F(Auto, StartsTheJobOfAStaleNodeAtMostTwice) {
  loop_.run_until([] { return false; }, Millis{150});
  for (int i = 0; i < 16; ++i) rejoin_.consider(board_, true, now_ += Millis{250});
  EXPECT_EQ(starts(), 0u) << "proven for four seconds only";
  a_minute();
  EXPECT_EQ(starts(), 1u) << "one at a time";
  const auto request = take_rejoin_request(rejoin_request_path(config_.run_directory));
  ASSERT_TRUE(request);
  EXPECT_TRUE(request->wishes.automatic);
  EXPECT_EQ(request->wishes.max_lost, 16u << 20);
  EXPECT_EQ(request->by, "auto");
  job_ends(1, false, "failed");
  EXPECT_THAT(rejoin_.sentence(), HasSubstr("FAILED 2026-11-22T03:00:00Z (auto): no room"));
  a_minute();
  EXPECT_EQ(starts(), 2u);
  job_ends(2, false, "failed");
  a_minute();
  EXPECT_EQ(starts(), 2u) << "twice is enough";
  board_.disk.checkpoint_timeline = 3;
  a_minute();
  EXPECT_EQ(starts(), 3u) << "another timeline is another matter";
}

TEST_F(Auto, DoesNotRepeatWhatWouldEndTheSameWay) {
  loop_.run_until([] { return false; }, Millis{150});
  a_minute();
  job_ends(1, true, "failed");
  a_minute();
  EXPECT_EQ(starts(), 1u);
}

TEST_F(Auto, StartsNothingWithoutAProofThatLasts) {
  loop_.run_until([] { return false; }, Millis{150});
  a_minute(false);
  for (int i = 0; i < 100; ++i) rejoin_.consider(board_, i % 10 != 0, now_ += Millis{500});
  EXPECT_EQ(starts(), 0u);
}

TEST_F(Auto, StartsNothingThatARejoinDoesNotCure) {
  loop_.run_until([] { return false; }, Millis{150});
  const Board stale = board_;
  for (const auto& change : std::vector<std::function<void()>>{
           [&] {
             board_.marker.reasons = {"stale", "operator"};
           },
           [&] { board_.marker.reasons = {"hung"}; }, [&] { board_.marker.state = MarkerFacts::State::none; },
           [&] { board_.marker.state = MarkerFacts::State::malformed; },
           [&] { board_.postmaster.process = PostmasterFacts::Process::alive; },
           [&] { board_.postmaster.process = PostmasterFacts::Process::unknown; },
           [&] { board_.postmaster.survivors = 1; }, [&] { board_.fence_in_progress = true; },
           [&] { board_.disk.standby_signal = true; }, [&] { config_.rejoin.automatic = false; }}) {
    board_ = stale;
    change();
    a_minute();
    EXPECT_EQ(starts(), 0u);
  }
  config_.rejoin.automatic = true;
  board_ = stale;
  board_.marker.reasons = {"isolated", "stale"};
  a_minute();
  EXPECT_EQ(starts(), 1u);
}

TEST_F(Auto, LeavesTheOrderOfAnOperatorAlone) {
  loop_.run_until([] { return false; }, Millis{150});
  const RejoinRequest his{{true, false, false, 0}, "pg3", "uid 0"};
  ASSERT_EQ(write_rejoin_request(rejoin_request_path(config_.run_directory), his), "");
  a_minute();
  EXPECT_EQ(starts(), 0u) << "his job starts in this moment";
  const auto request = take_rejoin_request(rejoin_request_path(config_.run_directory));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->by, "uid 0");
  a_minute();
  EXPECT_EQ(starts(), 1u);
}

TEST_F(Auto, TellsOfARefusalByPolkitAndTriesAgain) {
  loop_.run_until([] { return false; }, Millis{150});
  systemd_.mood = FakeSystemd::Mood::denies;
  a_minute();
  systemd_.mood = FakeSystemd::Mood::answers;
  const size_t refused = starts();
  now_ += AutoRejoin::between_tries;
  loop_.run_until(
      [&] {
        rejoin_.consider(board_, true, now_);
        return orders() > refused;
      },
      Millis{5000});
  EXPECT_EQ(starts(), refused + 1);
}

}  // namespace
}  // namespace picket::test
