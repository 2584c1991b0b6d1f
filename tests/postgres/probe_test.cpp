// The probe against real servers in trouble: what each way of asking sees, and how soon.

#include "postgres/probe.hpp"

#include <libpq-fe.h>
#include <signal.h>
#include <unistd.h>

#include "postgres/throwaway.hpp"
#include "postgres/watched.hpp"

namespace picket {
namespace {
using test::Throwaway;
using test::Watched;
using testing::HasSubstr;

class Server : public testing::Test {
 protected:
  Server() { server.start(); }
  pid_t our_backend() {
    return std::stoi(
        server.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'picket'"
                   " AND query LIKE 'SELECT s.*%'"));
  }
  Throwaway server;
};

bool well(const Watched& w) { return w.session().answer == Answer::ok && w.fresh().answer == Answer::ok; }

TEST_F(Server, ThatIsWellAnswersBothWays) {
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until([&] { return well(watched); }));
  EXPECT_EQ(watched.session().detail, "");
  EXPECT_EQ(watched.session().answered_asked, watched.session().asked);
  EXPECT_GE(watched.session().ended, watched.session().asked);
  EXPECT_FALSE(watched.session().silent_since);
  EXPECT_FALSE(watched.fresh().silent_since);
  EXPECT_TRUE(watched.until_new_facts());
}

TEST_F(Server, WhosePostmasterIsKilledEndsTheSessionAtOnce) {
  auto options = Watched::quick(server.socket_conninfo());
  options.poll = options.fresh_every = Millis{10'000};  // only the end of the socket can tell
  Watched watched(options);
  ASSERT_TRUE(watched.until([&] { return well(watched); }));
  const Instant begin = boot_now();
  server.kill9();
  ASSERT_TRUE(watched.until([&] { return watched.session().answer != Answer::ok; }));
  EXPECT_LT(boot_now() - begin, Millis{100});
  RecordProperty("seen_after_ms", std::to_string((boot_now() - begin).count()));
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::refused; }, Millis{500}))
      << "the loss of the session makes a fresh connection be tried at once";
}

TEST_F(Server, WhosePostmasterIsFrozenStillAnswersTheSessionButNobodyNew) {
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until([&] { return well(watched); }));
  server.freeze();
  ASSERT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::timed_out; }));
  const auto since = watched.fresh().silent_since;
  ASSERT_TRUE(since);
  EXPECT_THAT(watched.fresh().detail, HasSubstr("connected, but no answer"));
  EXPECT_EQ(watched.session().answer, Answer::ok);
  // Three deadlines later: one unbroken silence, the next attempt each time at once.
  ASSERT_TRUE(watched.until([&] { return watched.fresh().ended - *since > Millis{880}; }));
  EXPECT_EQ(watched.fresh().silent_since, since);
  EXPECT_LT(watched.fresh().ended - *since, Millis{1300});
  EXPECT_TRUE(watched.until_new_facts());
  server.thaw();
  ASSERT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::ok; }));
  EXPECT_FALSE(watched.fresh().silent_since);
}

TEST_F(Server, WhoseBackendIsFrozenIsLeftForAnotherSession) {
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until_new_facts());
  const pid_t backend = our_backend();
  kill(backend, SIGSTOP);
  ASSERT_TRUE(watched.until([&] { return watched.session().answer == Answer::timed_out; }));
  EXPECT_THAT(watched.session().detail, HasSubstr("no answer to a query in 300 ms"));
  EXPECT_TRUE(watched.session().silent_since);
  EXPECT_TRUE(watched.until_new_facts());
  EXPECT_FALSE(watched.session().silent_since);
  kill(backend, SIGCONT);
}

TEST_F(Server, WhoseSlotsAreTakenAnswersTheSessionAndRefusesTheFresh) {
  server.sql("CREATE ROLE plain LOGIN");
  Watched watched(server.conninfo("plain"));
  ASSERT_TRUE(watched.until([&] { return well(watched); }));
  std::vector<std::unique_ptr<PGconn, void (*)(PGconn*)>> crowd;
  for (int i = 0; i < 40; ++i) {
    crowd.emplace_back(PQconnectdb(server.conninfo("plain").c_str()), PQfinish);
    if (PQstatus(crowd.back().get()) != CONNECTION_OK) break;
  }
  ASSERT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::too_many_connections; }));
  EXPECT_EQ(watched.fresh().answered_asked, watched.fresh().asked);
  EXPECT_TRUE(watched.until_new_facts());
  crowd.clear();
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::ok; }));
}

TEST_F(Server, ThatDoesNotLetUsInCountsAsAnswering) {
  server.access("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
  server.reload();
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::authentication_failed; }));
  EXPECT_TRUE(watched.until([&] { return watched.session().answer == Answer::authentication_failed; }));
  EXPECT_TRUE(watched.session().answered_asked);
  server.access("local all all trust\nhost all all 127.0.0.1/32 reject\n");
  server.reload();
  EXPECT_TRUE(watched.until([&] { return watched.fresh().detail.find("28000") != std::string::npos; }));
  EXPECT_EQ(watched.fresh().answer, Answer::authentication_failed);
  EXPECT_FALSE(watched.probe.view().facts);
}

TEST_F(Server, ThatEndsOurSessionSaysWhyAndGetsAnother) {
  auto options = Watched::quick(server.conninfo());
  options.poll = Millis{2000};
  Watched watched(options);
  ASSERT_TRUE(watched.until([&] { return well(watched); }));
  // Older than `poll`, so that the next attempt is not held back.
  ASSERT_TRUE(watched.until([&] { return watched.session().asked > Instant{} && watched.until_new_facts(); }));
  Answer seen = Answer::none_yet;
  std::string why;
  server.sql("SELECT pg_terminate_backend(" + std::to_string(our_backend()) + ")");
  ASSERT_TRUE(watched.until([&] {
    seen = watched.session().answer;
    why = watched.session().detail;
    return seen != Answer::ok;
  }));
  EXPECT_EQ(seen, Answer::closed);
  EXPECT_THAT(why, HasSubstr("57P01"));
  EXPECT_TRUE(watched.until([&] { return watched.session().answer == Answer::ok; }, Millis{300}));
}

TEST_F(Server, ThatWaitsForItsClientsBeforeItStopsIsStopping) {
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until([&] { return well(watched); }));
  kill(server.pid(), SIGTERM);  // smart: our own session keeps it alive
  ASSERT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::stopping; }));
  EXPECT_TRUE(watched.until_new_facts());
}

TEST_F(Server, ThatRestartsIsFoundAgainWithAnotherStartTime) {
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until_new_facts());
  const auto before = watched.facts().started_us;
  server.stop();
  ASSERT_TRUE(watched.until([&] { return watched.session().answer == Answer::refused; }));
  EXPECT_EQ(watched.facts().started_us, before) << "the last good facts stay";
  server.start();
  ASSERT_TRUE(watched.until([&] { return well(watched); }));
  EXPECT_NE(watched.facts().started_us, before);
}

TEST_F(Server, IsAskedAtOnceWhenSomebodySaysSo) {
  auto options = Watched::quick(server.conninfo());
  options.poll = options.fresh_every = Millis{60'000};
  Watched watched(options);
  ASSERT_TRUE(watched.until([&] { return well(watched); }));
  watched.loop.run_until([] { return false; }, Millis{5});
  watched.probe.look_now();
  EXPECT_TRUE(watched.until_new_facts(Millis{200}));
  watched.probe.look_now();
  watched.loop.run_until([&] { return !watched.probe.view().facts; }, Millis{1});
  watched.probe.look_now();
  EXPECT_TRUE(watched.until_new_facts(Millis{200})) << "also while the one before is under way";
}

TEST_F(Server, AnswersASecondQueryOnTheSameSession) {
  auto options = Watched::quick(server.conninfo());
  options.extra_query = "SELECT 1, NULL, 'x' UNION ALL SELECT 2, 'y', 'z'";
  options.extra_every = Millis{100};
  int times = 0;
  Rows got;
  options.extra_rows = [&](const Rows& rows) {
    ++times;
    got = rows;
  };
  Watched watched(options);
  ASSERT_TRUE(watched.until([&] { return times == 3; }));
  const Rows expected{{"1", std::nullopt, "x"}, {"2", "y", "z"}};
  EXPECT_EQ(got, expected);
  EXPECT_EQ(watched.session().answer, Answer::ok);
}

TEST_F(Server, WhoseTableChangesUnderASecondQueryAnswersItAgain) {
  server.sql("CREATE TABLE t AS SELECT 1 AS a");
  auto options = Watched::quick(server.conninfo());
  options.extra_query = "SELECT * FROM public.t";
  options.extra_every = Millis{1};
  Rows got;
  std::string why;
  options.extra_rows = [&](const Rows& rows) { got = rows; };
  options.extra_failed = [&](const std::string& reason) { why = reason; };
  Watched watched(options);
  ASSERT_TRUE(watched.until([&] { return !got.empty(); }));
  server.sql("ALTER TABLE t ADD b int DEFAULT 2");
  EXPECT_TRUE(watched.until([&] { return got.front().size() == 2; }));
  EXPECT_THAT(why, HasSubstr("cached plan")) << "once, and then it is prepared anew";
}

TEST_F(Server, ThatRefusesTheSecondQueryKeepsTheSession) {
  auto options = Watched::quick(server.conninfo());
  options.extra_query = "SELECT * FROM repmgr.nodes";
  options.extra_every = Millis{50};
  std::string why;
  int times = 0;
  options.extra_failed = [&](const std::string& reason) {
    why = reason;
    ++times;
  };
  Watched watched(options);
  ASSERT_TRUE(watched.until([&] { return times == 2; }));
  EXPECT_THAT(why, HasSubstr("42P01"));
  EXPECT_EQ(watched.session().answer, Answer::ok);
  EXPECT_EQ(server.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'picket' AND state = 'idle'"
                       " AND query LIKE '%repmgr%'"
                       " OR query LIKE 'SELECT s.*%'"),
            "1");
}

TEST_F(Server, IsReachedByNameAndOverItsSocket) {
  const auto port = " dbname=postgres user=postgres port=" + std::to_string(server.port());
  for (const auto& where : {std::string("host=localhost"), "host=" + server.folder(), std::string("hostaddr=127.0.0.1"),
                            std::string("host=/nowhere,localhost")}) {
    Watched watched(where + port);
    EXPECT_TRUE(watched.until([&] { return well(watched); })) << where << ": " << watched.session().detail;
  }
}

TEST_F(Server, MayLoseItsProbeInsideAnyCallback) {
  Loop loop;
  Worker resolver(loop);
  for (int calls = 1; calls <= 6; ++calls) {
    std::unique_ptr<Probe> probe;
    int left = calls;
    auto options = Watched::quick(server.conninfo());
    options.extra_query = "SELECT 1";
    options.extra_every = Millis{1};
    const auto count = [&] {
      if (--left == 0) probe.reset();
    };
    options.extra_rows = [&](const Rows&) { count(); };
    probe = std::make_unique<Probe>(loop, resolver, options, count);
    EXPECT_TRUE(loop.run_until([&] { return left <= 0; }, Millis{5000}));
    EXPECT_FALSE(probe);
  }
}

TEST(ServerWithTls, IsSeenAsOneWithout) {
  if (access("/usr/bin/openssl", X_OK) != 0) GTEST_SKIP() << "no openssl to make a certificate with";
  Throwaway server;
  const std::string certificate = server.folder() + "/certificate", key = server.folder() + "/key";
  ASSERT_EQ(test::run_as_postgres({"/usr/bin/openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
                                   "-subj", "/CN=x", "-keyout", key, "-out", certificate}),
            0);
  server.setting("ssl = on");
  server.setting("ssl_cert_file = '" + certificate + "'");
  server.setting("ssl_key_file = '" + key + "'");
  server.setting("superuser_reserved_connections = 0");
  server.start();
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until([&] { return well(watched); })) << watched.session().detail;
  EXPECT_TRUE(watched.until([&] {
    return server.sql(
               "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
               " WHERE ssl AND query LIKE 'SELECT s.*%'") == "1";
  }));
  server.freeze();
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::timed_out; })) << watched.fresh().detail;
  EXPECT_TRUE(watched.until_new_facts());
  server.thaw();
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::ok; }));
  // Refused with TLS, libpq tries without on another socket.
  server.access("local all all trust\nhost all all 127.0.0.1/32 reject\n");
  server.reload();
  EXPECT_TRUE(watched.until([&] { return watched.fresh().answer == Answer::authentication_failed; }));
  server.kill9();
  EXPECT_TRUE(watched.until([&] { return watched.session().answer == Answer::refused; }));
}

TEST(StandbyWithoutHotStandby, IsStarting) {
  Throwaway primary;
  primary.start();
  const auto standby = primary.make_standby();
  standby->setting("hot_standby = off");
  standby->start_only();
  Watched watched(standby->conninfo());
  EXPECT_TRUE(watched.until([&] {
    return watched.session().answer == Answer::starting && watched.fresh().answer == Answer::starting;
  })) << watched.session().detail;
  EXPECT_THAT(watched.fresh().detail, HasSubstr("57P03"));
}

}  // namespace
}  // namespace picket
