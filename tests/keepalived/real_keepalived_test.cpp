// What Keepalived (the package, in two network namespaces) does with our files, and what it says on our FIFO. The
// states that nobody can see on the wire are waited for on the FIFO: after FAULT there is nothing left to wait for.

#include <gmock/gmock.h>

#include <csignal>
#include <iostream>

#include "keepalived/notify_fifo.hpp"
#include "keepalived/two_nodes.hpp"
#include "keepalived/vrrp_files.hpp"

namespace picket {
namespace {
using std::chrono_literals::operator""ms;
using testing::Contains;

/// One node with picket's part of it.
struct Side {
  Side(Loop& loop, const NetworkNamespace& network)
      : keepalived(network), fifo(loop, keepalived.fifo(), [this](const NotifyEvent& event) {
          state = event.state;
          heard.push_back(event.text());
        }) {}
  VrrpFiles files() { return VrrpFiles(keepalived.gate(), keepalived.rank()); }

  KeepalivedNode keepalived;
  std::string state;
  std::vector<std::string> heard;
  NotifyFifo fifo;
};

class RealKeepalived : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (access("/usr/sbin/keepalived", X_OK) == 0) cable = std::make_unique<Cable>();
  }
  static void TearDownTestSuite() { cable.reset(); }

  void SetUp() override {
    if (!cable) GTEST_SKIP() << "keepalived is not installed";
    a = std::make_unique<Side>(loop, cable->left);
    b = std::make_unique<Side>(loop, cable->right);
    tick.every(1ms);  // has_address() is asked, not told
  }
  void TearDown() override {
    for (Side* side : {a.get(), b.get()})
      if (side != nullptr) side->keepalived.signal(SIGTERM);  // at once: each takes a second to end
    if (a && HasFailure()) std::cerr << "log of a:\n" << a->keepalived.log() << "log of b:\n" << b->keepalived.log();
  }

  void start_both(const std::string& extra = "") {
    for (Side* side : {a.get(), b.get()}) side->keepalived.start(extra);
    ASSERT_TRUE(wait_for([&] { return !a->state.empty() && !b->state.empty(); }));
  }
  bool wait_for(const std::function<bool()>& done) { return loop.run_until(done, 5000ms); }
  bool holds(const Side& node) const { return node.keepalived.has_address(); }
  Millis until(const std::function<bool()>& done) {
    const Instant begin = boot_now();
    EXPECT_TRUE(wait_for(done));
    return boot_now() - begin;
  }
  /// For the report of the test run.
  static void measured(const char* what, Millis time) {
    std::cout << "           " << what << ": " << time.count() << " ms\n";
    testing::Test::RecordProperty(what, static_cast<int>(time.count()));
  }

  Loop loop;
  Timer tick{loop, [] {}};
  std::unique_ptr<Side> a, b;
  static inline std::unique_ptr<Cable> cable;
};

TEST_F(RealKeepalived, GivesTheAddressToTheOpenGateAndTakesItAwayWithinATenthOfASecond) {
  VrrpFiles files = a->files();
  files.close_gate();
  b->files().close_gate();
  start_both();
  EXPECT_EQ(a->state, "FAULT");
  files.publish(Vrrp::raise, Advert::primary);
  measured("gate opened until the address is there", until([&] { return holds(*a); }));
  EXPECT_FALSE(holds(*b));
  files.close_gate();
  const Millis left = until([&] { return !holds(*a); });
  measured("gate closed until the address is gone", left);
  EXPECT_LT(left, 100ms);
}

TEST_F(RealKeepalived, GivesTheAddressToNobodyWhileBothGatesAreClosed) {
  VrrpFiles files = a->files();
  files.publish(Vrrp::lower, Advert::replica);
  b->files().publish(Vrrp::lower, Advert::replica);
  start_both();
  EXPECT_EQ(a->state, "FAULT");
  EXPECT_EQ(b->state, "FAULT");
  EXPECT_FALSE(holds(*a) || holds(*b));
}

TEST_F(RealKeepalived, TakesAMissingAnEmptyAndANonsenseGateAsClosed) {
  VrrpFiles files = a->files();
  start_both();  // no file at all
  EXPECT_EQ(a->state, "FAULT");
  const std::vector<std::function<void()>> ways = {
      [&] { std::filesystem::remove(a->keepalived.gate()); },
      [&] { write_file(a->keepalived.gate(), ""); },
      [&] { write_file(a->keepalived.gate(), "open\n"); },
      [&] { write_file(a->keepalived.gate(), "0"); },
  };
  for (const auto& close : ways) {
    files.publish(Vrrp::raise, Advert::primary);
    ASSERT_TRUE(wait_for([&] { return a->state == "MASTER" && holds(*a); }));
    close();
    ASSERT_TRUE(wait_for([&] { return a->state == "FAULT"; }));
    EXPECT_FALSE(holds(*a));
  }
}

TEST_F(RealKeepalived, MovesTheAddressWithTheGateEvenWhenItMayNotPreempt) {
  VrrpFiles of_a = a->files(), of_b = b->files();
  of_a.publish(Vrrp::raise, Advert::primary);
  of_b.publish(Vrrp::lower, Advert::replica);
  start_both("nopreempt");
  ASSERT_TRUE(wait_for([&] { return holds(*a); }));
  of_a.close_gate();
  of_b.publish(Vrrp::raise, Advert::primary);
  measured("gates swapped until the address is on the other node", until([&] { return holds(*b); }));
  EXPECT_FALSE(holds(*a));
}

TEST_F(RealKeepalived, LetsTheRankDecideBetweenTwoOpenGates) {
  for (Side* side : {a.get(), b.get()}) write_file(side->keepalived.gate(), "1\n");
  write_file(a->keepalived.rank(), "100\n");
  write_file(b->keepalived.rank(), "50\n");
  start_both();
  ASSERT_TRUE(wait_for([&] { return a->state == "MASTER" && b->state == "BACKUP"; }));
  a->files().publish(Vrrp::raise, Advert::primary);  // as it is already
  write_file(a->keepalived.rank() + ".new", "-100\n");
  std::filesystem::rename(a->keepalived.rank() + ".new", a->keepalived.rank());
  measured("rank lowered until the address is on the other node", until([&] { return holds(*b) && !holds(*a); }));
  EXPECT_TRUE(wait_for([&] { return a->state == "BACKUP" && b->state == "MASTER"; }));
}

TEST_F(RealKeepalived, IsHeardOnTheFifoFromItsStartOverAReloadToItsEnd) {
  VrrpFiles files = a->files();
  files.publish(Vrrp::raise, Advert::primary);
  a->keepalived.start();
  ASSERT_TRUE(wait_for([&] { return a->state == "MASTER"; }));
  a->keepalived.signal(SIGHUP);
  files.close_gate();
  ASSERT_TRUE(wait_for([&] { return a->state == "FAULT"; }));
  files.publish(Vrrp::raise, Advert::primary);
  ASSERT_TRUE(wait_for([&] { return a->state == "MASTER"; }));
  a->keepalived.stop();
  ASSERT_TRUE(wait_for([&] { return a->state == "STOP"; }));
  EXPECT_THAT(a->heard, Contains("VI_1 MASTER 200"));
  EXPECT_EQ(a->fifo.ignored_lines(), 0U);
  EXPECT_EQ(a->fifo.problem(), "");
  a->keepalived.start();
  EXPECT_TRUE(wait_for([&] { return a->state == "MASTER"; })) << "the same FIFO serves the next Keepalived";
}

TEST_F(RealKeepalived, IsBlindToAReplacedFolderUntilItReloads) {
  VrrpFiles files = a->files();
  files.publish(Vrrp::raise, Advert::primary);
  a->keepalived.start();
  ASSERT_TRUE(wait_for([&] { return a->state == "MASTER"; }));
  std::filesystem::remove_all(a->keepalived.vrrp_folder());
  ASSERT_TRUE(wait_for([&] { return a->state == "FAULT"; }));
  std::filesystem::create_directory(a->keepalived.vrrp_folder());
  files.publish(Vrrp::raise, Advert::primary);
  EXPECT_NE(files.problem(), "");
  EXPECT_FALSE(loop.run_until([&] { return a->state == "MASTER"; }, 600ms)) << "longer than an election takes";
  a->keepalived.signal(SIGHUP);
  EXPECT_TRUE(wait_for([&] { return a->state == "MASTER" && holds(*a); }));
}

}  // namespace
}  // namespace picket
