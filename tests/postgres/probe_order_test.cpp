// One statement more over the session that is held open.
#include "postgres/probe.hpp"
#include "postgres/throwaway.hpp"
#include "postgres/watched.hpp"

namespace picket {
namespace {
using test::Throwaway;
using test::Watched;
using testing::HasSubstr;

class ProbeOrder : public testing::Test {
 protected:
  struct Told {
    int times = 0;
    std::string error;
    Rows rows;
  };
  ProbeOrder() { server.start(); }
  static Probe::Executed into(Told& told) {
    return [&told](const std::string& error, const Rows& rows) { told = {told.times + 1, error, rows}; };
  }
  Throwaway server;
};

TEST_F(ProbeOrder, IsExecutedBetweenTheQuestionsWhichGoOn) {
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until_new_facts());
  Told told;
  ASSERT_EQ(watched.probe.execute("SELECT 40 + 2", into(told)), "");
  EXPECT_EQ(told.times, 0);
  EXPECT_THAT(watched.probe.execute("SELECT 1", nullptr), HasSubstr("earlier order"));
  ASSERT_TRUE(watched.until([&] { return told.times > 0; }));
  EXPECT_EQ(told.error, "");
  ASSERT_EQ(told.rows.size(), 1U);
  EXPECT_EQ(told.rows[0][0], "42");
  EXPECT_TRUE(watched.until_new_facts());
  EXPECT_EQ(told.times, 1);
}

TEST_F(ProbeOrder, TellsAnSqlErrorAndKeepsTheSession) {
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until_new_facts());
  Told told;
  ASSERT_EQ(watched.probe.execute("SELECT 1/0", into(told)), "");
  ASSERT_TRUE(watched.until([&] { return told.times > 0; }));
  EXPECT_THAT(told.error, HasSubstr("division by zero"));
  EXPECT_TRUE(watched.until_new_facts());
  EXPECT_EQ(watched.session().answer, Answer::ok);
}

TEST_F(ProbeOrder, EndsWithTheSession) {
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until_new_facts());
  Told told;
  ASSERT_EQ(watched.probe.execute("SELECT pg_sleep(60)", into(told)), "");
  server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'");
  ASSERT_TRUE(watched.until([&] { return told.times > 0; }));
  EXPECT_NE(told.error, "");
  EXPECT_TRUE(watched.until_new_facts()) << "there is another session";
  EXPECT_EQ(told.times, 1);
}

TEST_F(ProbeOrder, IsRefusedWithoutASession) {
  server.stop();
  Watched watched(server.conninfo());
  ASSERT_TRUE(watched.until([&] { return watched.session().answer == Answer::refused; }));
  Told told;
  std::string error = watched.probe.execute("SELECT 1", into(told));
  if (error.empty()) {  // just then a session was being opened
    ASSERT_TRUE(watched.until([&] { return told.times > 0; }));
    error = told.error;
  }
  EXPECT_NE(error, "");
}

}  // namespace
}  // namespace picket
