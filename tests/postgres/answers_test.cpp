#include "postgres/answers.hpp"

#include <gmock/gmock.h>

#include "core/words.hpp"

namespace picket {

void PrintTo(Answer answer, std::ostream* out) { *out << word(answer); }

namespace {
using std::chrono_literals::operator""ms;

Outcome local(const std::string& words) {
  return classify_connect_error("connection to server at \"127.0.0.1\", port 5432 failed: " + words + "\n");
}

TEST(ConnectError, OfAServerIsReadFromItsSqlstateWhateverItsLanguage) {
  EXPECT_EQ(local("FATAL:  57P03: the database system is starting up\nLOCATION:  x, postmaster.c:1").answer,
            Answer::starting);
  EXPECT_EQ(local("FATAL:  57P03: the database system is shutting down").answer, Answer::stopping);
  EXPECT_EQ(local("FATAL:  53300: sorry, too many clients already").answer, Answer::too_many_connections);
  EXPECT_EQ(local("FATAL:  28P01: password authentication failed for user \"x\"").answer,
            Answer::authentication_failed);
  EXPECT_EQ(local("SCHWERWIEGEND:  53300: tut mir leid, schon zu viele Verbindungen").answer,
            Answer::too_many_connections);
  EXPECT_EQ(local("FATAL:  57P01: terminating connection due to administrator command").answer, Answer::closed);
  EXPECT_EQ(local("FATAL:  XX000: could not do it").answer, Answer::failed);
}

TEST(ConnectError, OfAServerThatDoesNotKnowTheDatabaseCountsAsAlive) {
  EXPECT_TRUE(from_postgresql(local("FATAL:  3D000: database \"nope\" does not exist").answer));
  EXPECT_TRUE(from_postgresql(local("FATAL:  42501: permission denied for database \"x\"").answer));
}

TEST(ConnectError, KeepsTheServersWordsAndTheCodeOnOneLine) {
  EXPECT_EQ(local("FATAL:  57P03: the database system is starting up\nLOCATION:  ProcessStartupPacket").detail,
            "the database system is starting up (57P03)");
  EXPECT_EQ(local("Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?").detail,
            "Connection refused");
}

TEST(ConnectError, OfTheNetworkIsReadFromTheSystemsWords) {
  EXPECT_EQ(local("Connection refused").answer, Answer::refused);
  EXPECT_EQ(classify_connect_error("connection to server on socket \"/run/postgresql/.s.PGSQL.5432\" failed: "
                                   "No such file or directory\n\tIs the server running locally?\n")
                .answer,
            Answer::refused);
  EXPECT_EQ(local("No route to host").answer, Answer::unreachable);
  EXPECT_EQ(local("Network is unreachable").answer, Answer::unreachable);
  EXPECT_EQ(local("Connection timed out").answer, Answer::timed_out);
  EXPECT_EQ(local("server closed the connection unexpectedly\n\tThis probably means the server terminated").answer,
            Answer::closed);
}

TEST(ConnectError, OfAFullListenQueueIsSilence) {
  EXPECT_EQ(local("could not send startup packet: Transport endpoint is not connected").answer, Answer::timed_out);
}

TEST(ConnectError, OfAnotherProtocolIsGarbage) {
  EXPECT_EQ(local("received invalid response to SSL negotiation: H").answer, Answer::garbage);
  EXPECT_EQ(local("expected authentication request from server, but received H").answer, Answer::garbage);
}

TEST(ConnectError, OfAServerThatWantsAPasswordCountsAsAlive) {
  EXPECT_EQ(local("fe_sendauth: no password supplied").answer, Answer::authentication_failed);
}

TEST(ConnectError, OfSeveralHostsIsTheOneThatAServerSpoke) {
  const std::string refused =
      "connection to server at \"10.0.0.1\", port 5432 failed: Connection refused\n\tIs the ...?\n";
  const std::string starting = "connection to server at \"10.0.0.2\", port 5432 failed: FATAL:  57P03: starting up\n";
  EXPECT_EQ(classify_connect_error(refused + starting).answer, Answer::starting);
  EXPECT_EQ(classify_connect_error(starting + refused).answer, Answer::starting);
}

TEST(ConnectError, WithoutAnyTextIsAFailureThatSaysSo) {
  EXPECT_EQ(classify_connect_error("").answer, Answer::failed);
  EXPECT_EQ(classify_connect_error("").detail, "no reason given");
}

TEST(Attempts, RememberSinceWhenNobodyAnswersAndForgetItAtTheFirstAnswer) {
  Attempts a;
  const auto at = [](int ms) { return Instant{Millis{ms}}; };
  record(a, {Answer::timed_out, "no answer"}, at(1000), at(2000));
  record(a, {Answer::timed_out, "no answer"}, at(2000), at(3000));
  EXPECT_EQ(a.silent_since, at(1000));
  EXPECT_FALSE(a.answered_asked);
  record(a, {Answer::starting, "starting"}, at(3000), at(3005));
  EXPECT_FALSE(a.silent_since);
  EXPECT_EQ(a.answered_asked, at(3000));
  record(a, {Answer::timed_out, "no answer"}, at(4000), at(5000));
  EXPECT_EQ(a.silent_since, at(4000));
  EXPECT_EQ(a.answered_asked, at(3000));
  EXPECT_EQ(a.ended, at(5000));
}

TEST(Attempts, BrokenByAnotherFailureThanATimeoutAreSilentAnew) {
  Attempts a;
  const auto at = [](int ms) { return Instant{Millis{ms}}; };
  record(a, {Answer::timed_out, ""}, at(0), at(1000));
  record(a, {Answer::refused, ""}, at(1000), at(1001));
  EXPECT_FALSE(a.silent_since);
  EXPECT_FALSE(a.answered_asked);
  record(a, {Answer::timed_out, ""}, at(2000), at(3000));
  EXPECT_EQ(a.silent_since, at(2000));
}

}  // namespace
}  // namespace picket
