#include "postgres/pg_connection.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace picket {
namespace {

PGconn* start(const Parameters& parameters) {
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : parameters) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(keys.data(), values.data(), 0);
}

Rows rows_of(const PGresult* result) {
  const int rows = PQntuples(result), columns = PQnfields(result);
  Rows table(static_cast<size_t>(rows), Row(static_cast<size_t>(columns)));
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c)
      if (!PQgetisnull(result, r, c))
        table[static_cast<size_t>(r)][static_cast<size_t>(c)].emplace(PQgetvalue(result, r, c),
                                                                      static_cast<size_t>(PQgetlength(result, r, c)));
  return table;
}

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

}  // namespace

PgConnection::PgConnection(Loop& loop, const Parameters& parameters, Millis deadline, Ended opened, Ended lost)
    : loop_(loop),
      conn_(start(parameters), PQfinish),
      deadline_(loop, [this] { expired(); }),
      opened_(std::move(opened)),
      lost_(std::move(lost)) {
  if (!conn_) {
    fail_later({Answer::failed, "out of memory"});
    return;
  }
  PQsetErrorVerbosity(conn_.get(), PQERRORS_VERBOSE);
  PQsetNoticeReceiver(
      conn_.get(),
      [](void* self, const PGresult* notice) {
        auto* c = static_cast<PgConnection*>(self);
        c->parting_code_ = field(notice, PG_DIAG_SQLSTATE);
        c->parting_words_ = field(notice, PG_DIAG_MESSAGE_PRIMARY);
      },
      this);
  if (PQstatus(conn_.get()) == CONNECTION_BAD) {
    fail_later(classify_connect_error(PQerrorMessage(conn_.get())));
    return;
  }
  arm(deadline);
  watch(EPOLLOUT);  // as if PQconnectPoll had said PGRES_POLLING_WRITING (libpq docs 34.1)
}

PgConnection::~PgConnection() = default;

void PgConnection::arm(Millis deadline) {
  limit_ = deadline;
  due_ = boot_now() + deadline;
  grace_left_ = 2;
  deadline_.start(deadline);
}

void PgConnection::watch(uint32_t events) {
  io_.reset();
  const int fd = PQsocket(conn_.get());
  if (fd < 0) return fail_later({Answer::failed, "libpq has no socket"});
  io_.emplace(loop_, fd, events, [this](uint32_t) { ready(); });
}

void PgConnection::fail_later(Outcome outcome) {
  pending_failure_ = std::move(outcome);
  deadline_.start(Millis{0});
}

void PgConnection::ready() {
  switch (state_) {
    case State::connecting: return connect_step();
    case State::idle: return read_idle();
    case State::querying: return read_results();
    case State::dead: return;
  }
}

void PgConnection::connect_step() {
  // PQconnectPoll may close its socket and open another, often with the same number, and epoll has then silently
  // forgotten it. So the source goes before every step and a new one comes after it.
  io_.reset();
  const bool asked_for_tls = PQstatus(conn_.get()) == CONNECTION_SSL_STARTUP;
  if (PQstatus(conn_.get()) == CONNECTION_STARTED) served_ = false;  // of several hosts, another one
  const auto next = PQconnectPoll(conn_.get());
  // Only the process that the postmaster made for us answers the request for TLS, be it with no.
  if (asked_for_tls && PQstatus(conn_.get()) != CONNECTION_BAD) served_ = true;
  switch (next) {
    case PGRES_POLLING_READING: return watch(EPOLLIN);
    case PGRES_POLLING_WRITING: return watch(EPOLLOUT);
    case PGRES_POLLING_OK: return finish_opening({Answer::ok, ""});
    default: return finish_opening(classify_connect_error(PQerrorMessage(conn_.get())));
  }
}

void PgConnection::finish_opening(const Outcome& outcome) {
  deadline_.stop();
  if (outcome.answer == Answer::ok) {
    PQsetnonblocking(conn_.get(), 1);  // else PQfinish could wait for a full socket
    state_ = State::idle;
    watch(EPOLLIN);
  } else {
    close();
  }
  const auto opened = std::exchange(opened_, nullptr);
  opened(outcome);
}

void PgConnection::query(const std::string& sql, Millis deadline, Answered done) {
  done_ = std::move(done);
  state_ = State::querying;
  result_ = {};
  rows_.clear();
  sql_ = sql;
  if (pending_failure_) return;  // the timer tells it
  if (!send()) return fail_later(why_lost());
  arm(deadline);
  flush();
}

// A statement is prepared at its first use: the status query is ten times cheaper without its planning.
bool PgConnection::send() {
  const auto known = prepared_.find(sql_);
  preparing_ = known == prepared_.end();
  if (!preparing_) return PQsendQueryPrepared(conn_.get(), known->second.c_str(), 0, nullptr, nullptr, nullptr, 0) != 0;
  name_ = "picket_" + std::to_string(++names_given_);
  return PQsendPrepare(conn_.get(), name_.c_str(), sql_.c_str(), 0, nullptr) != 0;
}

void PgConnection::flush() {
  const int r = PQflush(conn_.get());
  if (r < 0) return fail_later(why_lost());
  io_->wait_for(r == 0 ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void PgConnection::read_results() {
  if (!PQconsumeInput(conn_.get())) return finish_query(why_lost());
  while (!PQisBusy(conn_.get())) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result{PQgetResult(conn_.get()), PQclear};
    if (!result) return end_of_results();
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      result_ = {Answer::ok, ""};
      rows_ = rows_of(result.get());
    } else {
      const auto code = field(result.get(), PG_DIAG_SQLSTATE);
      result_ = code.empty() ? Outcome{Answer::garbage, one_line(PQresultErrorMessage(result.get()))}
                             : classify_sqlstate(code, field(result.get(), PG_DIAG_MESSAGE_PRIMARY));
    }
    if (PQstatus(conn_.get()) == CONNECTION_BAD) return finish_query(why_lost());
  }
  flush();
}

void PgConnection::end_of_results() {
  if (result_.answer != Answer::ok) {
    prepared_.erase(sql_);  // its plan may be what no longer fits
    return finish_query(result_);
  }
  if (!preparing_) return finish_query(result_);
  prepared_[sql_] = name_;
  result_ = {};
  if (!send()) return finish_query(why_lost());
  if (boot_now() >= due_) arm(limit_);  // this process did not run: the second step is not late for that
  flush();
}

void PgConnection::finish_query(const Outcome& outcome) {
  deadline_.stop();
  const Outcome told = outcome;  // may be a member
  const Rows rows = std::move(rows_);
  if (PQstatus(conn_.get()) == CONNECTION_BAD || expired_)
    close();
  else
    state_ = State::idle;
  const auto done = std::exchange(done_, nullptr);
  done(told, rows);
}

void PgConnection::read_idle() {
  const bool open = PQconsumeInput(conn_.get()) != 0;
  // Also parses notices: the server says why before it ends the session.
  while (PGnotify* notify = PQnotifies(conn_.get())) PQfreemem(notify);
  if (open && PQstatus(conn_.get()) == CONNECTION_OK) return;
  const Outcome why = why_lost();
  close();
  const auto lost = std::exchange(lost_, nullptr);
  lost(why);
}

Outcome PgConnection::why_lost() const {
  if (result_.answer != Answer::none_yet && result_.answer != Answer::ok) return result_;
  if (!parting_code_.empty() && parting_code_ != "00000") return classify_sqlstate(parting_code_, parting_words_);
  return {Answer::closed, classify_connect_error(PQerrorMessage(conn_.get())).detail};
}

void PgConnection::expired() {
  if (pending_failure_) {
    const Outcome outcome = *std::exchange(pending_failure_, std::nullopt);
    if (state_ == State::connecting) return finish_opening(outcome);
    expired_ = true;
    if (state_ == State::querying) return finish_query(outcome);
    close();
    const auto lost = std::exchange(lost_, nullptr);
    return lost(outcome);
  }
  // When this process itself did not run, the answer may lie there unread.
  pollfd fd{PQsocket(conn_.get()), POLLIN, 0};
  const bool unread = poll(&fd, 1, 0) > 0;
  const Millis late = boot_now() - due_;
  if (unread && grace_left_ > 0) {
    --grace_left_;
    deadline_.start(Millis{50});
    return;
  }
  Outcome outcome{Answer::timed_out, ""};
  const auto limit = std::to_string(limit_.count()) + " ms";
  if (late > std::max(limit_ / 2, Millis{300}))
    outcome = {Answer::failed, "this agent did not run while it waited"};
  else if (state_ == State::querying)
    outcome.detail = "no answer to a query in " + limit;
  else if (PQstatus(conn_.get()) == CONNECTION_STARTED)
    outcome.detail = "no connection in " + limit;
  else if (served_)
    outcome = {Answer::failed, "the server took the connection, and its login does not end in " + limit};
  else
    outcome.detail = "connected, but no answer in " + limit;
  if (state_ == State::connecting) return finish_opening(outcome);
  expired_ = true;
  finish_query(outcome);
}

void PgConnection::close() {
  state_ = State::dead;
  io_.reset();
  deadline_.stop();
  conn_.reset();
}

}  // namespace picket
