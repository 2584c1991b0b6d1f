#pragma once
// Watches one PostgreSQL server in two ways at once: a session held open that answers the status query every `poll`,
// and a fresh connection every `fresh_every`. Each way has its own deadline and its own Attempts, because each lies in
// a different failure: a session goes on while the postmaster is frozen, a fresh connection is refused while all slots
// are taken.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/facts.hpp"
#include "loop/loop.hpp"
#include "loop/sources.hpp"
#include "loop/worker.hpp"
#include "postgres/pg_connection.hpp"
#include "postgres/resolver.hpp"
#include "postgres/rows.hpp"
#include "postgres/status_constants.hpp"

namespace picket {

struct ProbeOptions {
  std::string conninfo;           ///< libpq connection string; names in it are resolved on the worker
  Millis poll{250};               ///< between status queries, and between attempts to get the session back
  Millis session_deadline{1000};  ///< for one query; also the server's statement_timeout
  Millis connect_deadline{1000};  ///< for the session's connect
  Millis fresh_every{2000};       ///< from the beginning of one fresh connection to the next
  Millis fresh_deadline{1000};    ///< for one fresh connect; after a timeout the next begins at once
  std::string extra_query;        ///< a second statement for the held session, "" = none
  Millis extra_every{2000};
  std::function<void(const Rows&)> extra_rows;           ///< its rows
  std::function<void(const std::string&)> extra_failed;  ///< its SQL error; the session goes on
};

class Probe {
 public:
  /// Begins at once. `resolver` must outlive this and should run name lookups only. `changed` runs on the loop after
  /// every attempt that ended, also when it ended like the one before, since its time is news. A connection string that
  /// cannot be parsed makes both ways of asking `failed` for good, with the reason. Callbacks may destroy the probe.
  Probe(Loop& loop, Worker& resolver, ProbeOptions options, std::function<void()> changed);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  /// What is known now. `facts` are those of the latest query that succeeded, however long ago: see facts_asked.
  const ServerView& view() const { return view_; }
  /// Something outside says that the server changed: asks at once, and once more if a question is already under way.
  void look_now();

  /// `error` is empty when the rows are the answer.
  using Executed = std::function<void(const std::string& error, const Rows& rows)>;
  /// Sends one more statement over the held session, after the question that is under way, with the session's deadline.
  /// Returns why that cannot be (no session, or an earlier order has not ended); else an empty text, and `done` runs
  /// once, later, unless this is destroyed first. A statement that failed may have been executed.
  std::string execute(std::string sql, Executed done);

 private:
  void tell();
  void look_fresh();
  void names_changed();
  Parameters parameters(size_t first) const;
  std::optional<std::string> obstacle();

  void session_due();
  void open_session();
  void session_opened(const Outcome& outcome);
  void session_lost(const Outcome& outcome);
  void session_over(const Outcome& outcome, Instant asked);
  void ask();
  bool whole_due() const;
  void looked(const Outcome& outcome, Rows rows, bool whole);
  void answered(const Outcome& outcome, const Rows& rows);
  bool extra_due() const;
  void ask_extra();
  void extra_answered(const Outcome& outcome, const Rows& rows);
  void send_order();
  void order_ended(const Outcome& outcome, const Rows& rows);
  void wait();

  void open_fresh();
  void fresh_ended(const Outcome& outcome);

  Loop& loop_;
  ProbeOptions options_;
  std::function<void()> changed_;
  ServerView view_;
  std::string unusable_;  ///< why `conninfo` cannot be used
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<PgConnection> session_, fresh_;
  Timer session_timer_, fresh_timer_;
  Instant began_, session_began_{}, session_asked_{}, fresh_asked_{}, order_sent_{};
  StatusConstants constants_;           ///< of the session
  std::optional<Instant> whole_asked_;  ///< in this session
  std::optional<Instant> extra_asked_;
  struct Order {
    std::string sql;
    Executed done;
  };
  std::optional<Order> order_;           ///< waits for its turn, or is under way
  std::function<void()> order_outcome_;  ///< of one that the end of the session ended; told by tell()
  bool session_is_new_ = false;          ///< its first answer is still to come
  bool look_again_ = false;              ///< look_now() came while a question was under way
  size_t session_first_ = 0,
         fresh_first_ = 0;  ///< which of several addresses is tried first; moves on when nobody answered
};

}  // namespace picket
