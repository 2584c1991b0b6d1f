// The probe against what is no PostgreSQL, against nothing, and through the traps of libpq.

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "postgres/probe.hpp"
#include "postgres/throwaway.hpp"
#include "postgres/watched.hpp"

namespace picket {
namespace {
using test::FakeServer;
using test::Throwaway;
using test::Watched;
using testing::HasSubstr;

// The probe beside the fake server on one loop.
struct Visit {
  Visit(FakeServer::Manner manner, const std::function<void(ProbeOptions&)>& change = {})
      : server(loop, manner), probe(make(change)) {}
  std::unique_ptr<Probe> make(const std::function<void(ProbeOptions&)>& change) {
    auto options = Watched::quick(server.conninfo());
    if (change) change(options);
    return std::make_unique<Probe>(loop, resolver, options, [] {});
  }
  const Attempts& session() const { return probe->view().session; }
  const Attempts& fresh() const { return probe->view().fresh; }
  bool both(Answer answer) {
    return loop.run_until([&] { return session().answer == answer && fresh().answer == answer; }, Millis{5000});
  }
  Loop loop;
  Worker resolver{loop};
  FakeServer server;
  std::unique_ptr<Probe> probe;
};

TEST(WebServer, IsGarbage) {
  Visit visit(FakeServer::Manner::talk_http);
  EXPECT_TRUE(visit.both(Answer::garbage)) << visit.session().detail;
  EXPECT_THAT(visit.session().detail, HasSubstr("H"));
  EXPECT_FALSE(visit.session().answered_asked);
}

TEST(SilentServer, TimesOutBothWays) {
  Visit visit(FakeServer::Manner::silent);
  EXPECT_TRUE(visit.both(Answer::timed_out));
  EXPECT_THAT(visit.fresh().detail, HasSubstr("connected, but no answer in 300 ms"));
  const auto since = visit.session().silent_since;
  ASSERT_TRUE(since);
  visit.loop.run_until([&] { return visit.session().ended - *since >= Millis{900}; }, Millis{5000});
  EXPECT_EQ(visit.session().silent_since, since);
  EXPECT_LE(visit.server.visitors(), 10) << "two ways, a deadline each";
}

TEST(ClosingServer, IsClosedAndNotHammered) {
  Visit visit(FakeServer::Manner::close_at_once, [](ProbeOptions& o) { o.fresh_every = Millis{60'000}; });
  EXPECT_TRUE(visit.both(Answer::closed)) << visit.session().detail;
  const int before = visit.server.visitors();
  visit.loop.run_until([] { return false; }, Millis{500});
  EXPECT_LE(visit.server.visitors() - before, 11) << "no more than one each 50 ms";
}

TEST(NobodyThere, IsRefused) {
  Watched tcp("host=127.0.0.1 user=x port=" + std::to_string(test::free_port()));
  EXPECT_TRUE(
      tcp.until([&] { return tcp.session().answer == Answer::refused && tcp.fresh().answer == Answer::refused; }));
  Watched folder("host=/nowhere user=x");
  EXPECT_TRUE(folder.until([&] { return folder.session().answer == Answer::refused; }));
}

TEST(FarAway, IsUnreachable) {
  const Fd home{open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);  // a network without a route
  {
    Watched watched("host=10.0.0.1 user=x");
    EXPECT_TRUE(watched.until([&] { return watched.session().answer == Answer::unreachable; }))
        << watched.session().detail;
    EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::unreachable; }));
  }
  ASSERT_EQ(setns(home.get(), CLONE_NEWNET), 0);
}

TEST(UnknownName, FailsWithTheNameAndIsLookedUpAgain) {
  Watched watched("host=no-such-host.invalid user=x");
  EXPECT_TRUE(watched.until([&] { return watched.session().detail.find("no-such-host") != std::string::npos; },
                            Millis{20'000}));
  EXPECT_EQ(watched.session().answer, Answer::failed);
  EXPECT_FALSE(watched.session().silent_since) << "nobody was asked, so nobody was silent";
}

TEST(BrokenConnectionString, FailsForGoodWithTheReason) {
  Watched watched("hots=node1");
  EXPECT_TRUE(watched.until([&] { return watched.session().answer == Answer::failed; }));
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::failed; }));
  EXPECT_THAT(watched.session().detail, HasSubstr("hots"));
}

TEST(SilentNameService, IsSaidAfterTheDeadlineAndDoesNotBlockTheLoop) {
  Loop loop;
  Worker resolver(loop);
  std::atomic<bool> release = false;
  resolver.run([&] { release.wait(false); }, [] {});  // what a lookup does that gets no answer
  Probe probe(loop, resolver, Watched::quick("host=localhost user=x port=1"), [] {});
  EXPECT_TRUE(loop.run_until([&] { return probe.view().session.answer == Answer::failed; }, Millis{2000}));
  EXPECT_THAT(probe.view().session.detail, HasSubstr("name service"));
  release = true;
  release.notify_all();
  EXPECT_TRUE(loop.run_until([&] { return probe.view().session.answer == Answer::refused; }, Millis{5000}));
}

// libpq closes one socket and opens the next inside PQconnectPoll, mostly under the same number, and epoll has silently
// forgotten it: without a new event source the probe would hang until its deadline.
TEST(ListOfHosts, IsWorkedThroughWhenTheFirstClosesOrRefuses) {
  Throwaway server;
  server.start();
  Loop loop;
  Worker resolver(loop);
  FakeServer closing(loop, FakeServer::Manner::close_at_once);
  for (const int first : {closing.port(), test::free_port()}) {
    auto options =
        Watched::quick("host=127.0.0.1,127.0.0.1 dbname=postgres user=postgres port=" + std::to_string(first) + "," +
                       std::to_string(server.port()));
    options.connect_deadline = options.fresh_deadline = Millis{5000};
    Probe probe(loop, resolver, options, [] {});
    const auto& view = probe.view();
    const Instant begin = boot_now();
    EXPECT_TRUE(loop.run_until([&] { return view.session.answer == Answer::ok && view.fresh.answer == Answer::ok; },
                               Millis{6000}))
        << view.session.detail;
    EXPECT_LT(boot_now() - begin, Millis{1000});
  }
  EXPECT_GE(closing.visitors(), 2);
}

TEST(ListOfHosts, BeginsWithTheNextWhenTheFirstIsSilent) {
  Throwaway server;
  server.start();
  Loop loop;
  Worker resolver(loop);
  FakeServer silent(loop, FakeServer::Manner::silent);
  Probe probe(loop, resolver,
              Watched::quick("host=127.0.0.1,127.0.0.1 dbname=postgres user=postgres port=" +
                             std::to_string(silent.port()) + "," + std::to_string(server.port())),
              [] {});
  EXPECT_TRUE(loop.run_until([&] { return probe.view().session.answer == Answer::ok; }, Millis{3000}));
}

// connect(2) on a UNIX socket whose queue is full gives EAGAIN at once: as silent as a TCP handshake without an answer.
TEST(FullListenQueue, IsSilenceAndNotAnError) {
  const auto folder = std::filesystem::temp_directory_path() / ("picket_full_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = (folder / ".s.PGSQL.5432").string();
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  const Fd listener{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  ASSERT_EQ(bind(listener.get(), any, sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 0), 0);
  std::vector<Fd> crowd;
  do crowd.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  while (connect(crowd.back().get(), any, sizeof address) == 0);
  ASSERT_EQ(errno, EAGAIN);
  Watched watched("user=x host=" + folder.string());
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::timed_out; })) << watched.fresh().detail;
  const int before = watched.told;
  watched.loop.run_until([] { return false; }, Millis{500});
  EXPECT_EQ(watched.session().answer, Answer::timed_out) << watched.session().detail;
  EXPECT_LE(watched.told - before, 25) << "an error that comes at once must not make a busy loop";
  std::filesystem::remove_all(folder);
}

TEST(LateLoop, DoesNotBlameTheServerForItsOwnSleep) {
  Visit visit(FakeServer::Manner::silent);
  ASSERT_TRUE(visit.loop.run_until([&] { return visit.server.visitors() >= 2; }, Millis{5000}));
  std::this_thread::sleep_for(Millis{1200});  // the agent is stopped, or the machine paused
  ASSERT_TRUE(visit.loop.run_until([&] { return visit.session().answer != Answer::none_yet; }, Millis{5000}));
  EXPECT_EQ(visit.session().answer, Answer::failed);
  EXPECT_THAT(visit.session().detail, HasSubstr("did not run"));
  EXPECT_FALSE(visit.session().silent_since);
}

TEST(LateLoop, StillReadsAnAnswerThatCameMeanwhile) {
  Throwaway server;
  server.start();
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until_new_facts());
  for (int round = 0; round < 3; ++round) {
    watched.probe.look_now();
    watched.loop.run_until([] { return false; }, Millis{1});
    std::this_thread::sleep_for(Millis{700});
    const int before = watched.told;
    ASSERT_TRUE(watched.until([&] { return watched.told > before; }));
    EXPECT_EQ(watched.session().answer, Answer::ok) << watched.session().detail;
    EXPECT_NE(watched.fresh().answer, Answer::timed_out);
  }
}

TEST(BlockedLogin, IsNoFrozenPostmaster) {
  // A lock on pg_authid stops every login, and the server is as alive as can be: nobody may take it for hung.
  Throwaway server;
  server.start();
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::ok; }));
  std::thread holder([&] { server.sql("begin; lock table pg_authid; select pg_sleep(3); commit"); });
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::failed; })) << watched.fresh().detail;
  EXPECT_THAT(watched.fresh().detail, HasSubstr("login does not end"));
  EXPECT_FALSE(watched.fresh().silent_since);
  holder.join();
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::ok; }));
}

}  // namespace
}  // namespace picket
