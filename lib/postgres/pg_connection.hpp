#pragma once
// One asynchronous libpq connection on the loop: it opens, runs one query at a time, and tells when the server ends it.
// Every step has a deadline of ours, because PQconnectPoll ignores connect_timeout. Nothing here blocks; PQcancel is
// never used.

#include <libpq-fe.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "loop/loop.hpp"
#include "loop/sources.hpp"
#include "postgres/answers.hpp"
#include "postgres/resolver.hpp"
#include "postgres/rows.hpp"

namespace picket {

class PgConnection {
 public:
  using Ended = std::function<void(const Outcome&)>;
  using Answered = std::function<void(const Outcome&, const Rows&)>;

  /// Begins to connect. `opened` runs once, later and never from inside this call: Answer::ok, or why not (timed_out
  /// after `deadline`). `lost` runs once if the server ends the open connection between queries. Callbacks may destroy
  /// this.
  PgConnection(Loop& loop, const Parameters& parameters, Millis deadline, Ended opened, Ended lost);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  /// Open and no query is running.
  bool idle() const { return state_ == State::idle; }
  /// Neither failed nor lost nor timed out: worth keeping.
  bool usable() const { return state_ != State::dead; }

  /// Sends one statement, which stays prepared on the server for its next use; only when idle(). `done` runs once,
  /// never from inside this call, with the rows of its result when the answer is ok. After an SQL error the connection
  /// stays usable(); after a timeout or loss it does not.
  void query(const std::string& sql, Millis deadline, Answered done);

 private:
  enum class State : uint8_t { connecting, idle, querying, dead };
  void arm(Millis deadline);
  void watch(uint32_t events);
  void ready();
  void expired();
  void connect_step();
  bool send();
  void flush();
  void read_results();
  void end_of_results();
  void read_idle();
  void fail_later(Outcome outcome);
  void finish_opening(const Outcome& outcome);
  void finish_query(const Outcome& outcome);
  void close();
  Outcome why_lost() const;

  Loop& loop_;
  State state_ = State::connecting;
  std::unique_ptr<PGconn, void (*)(PGconn*)> conn_;
  std::optional<Io> io_;  // after conn_: the source goes before its socket is closed
  Timer deadline_;
  Millis limit_{0};     ///< what the deadline was
  Instant due_{};       ///< and when
  int grace_left_ = 0;  ///< how often an answer that lies unread at the deadline may still be read
  bool expired_ = false;
  bool served_ = false;                     ///< a server process has spoken: the postmaster is not frozen
  std::optional<Outcome> pending_failure_;  ///< found inside a call that must not call back; told by the timer
  Ended opened_, lost_;
  Answered done_;
  Outcome result_;
  Rows rows_;
  std::string sql_, name_;                       ///< of the running query
  std::map<std::string, std::string> prepared_;  ///< statement to its name on this connection
  int names_given_ = 0;
  bool preparing_ = false;
  std::string parting_code_, parting_words_;  ///< the server's last notice, usually why it ends the session
};

}  // namespace picket
