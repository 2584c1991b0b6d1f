#include "postgres/probe.hpp"

#include <algorithm>
#include <utility>

#include "postgres/answers.hpp"
#include "postgres/status_query.hpp"

namespace picket {
namespace {

/// What does not change in a session is asked again all the same: what a role may see does.
constexpr Millis whole_every{2000};
constexpr Millis names_fresh_for{30'000};    // while all is well
constexpr Millis names_retried_after{2000};  // when it is not

void set_default(Parameters& parameters, const char* key, std::string value) {
  const auto same = [key](const auto& p) { return p.first == key; };
  if (std::none_of(parameters.begin(), parameters.end(), same)) parameters.emplace_back(key, std::move(value));
}

std::string& value_of(Parameters& parameters, const char* key) {
  set_default(parameters, key, "");
  return std::find_if(parameters.begin(), parameters.end(), [key](const auto& p) { return p.first == key; })->second;
}

}  // namespace

Probe::Probe(Loop& loop, Worker& resolver, ProbeOptions options, std::function<void()> changed)
    : loop_(loop),
      options_(std::move(options)),
      changed_(std::move(changed)),
      session_timer_(loop, [this] { session_due(); }),
      fresh_timer_(loop, [this] { open_fresh(); }),
      began_(boot_now()) {
  std::string error;
  if (auto info = parse_conninfo(options_.conninfo, error))
    resolver_ = std::make_unique<Resolver>(resolver, std::move(*info), [this] { names_changed(); });
  else
    unusable_ = "connection string: " + error;
  session_timer_.start(Millis{0});
  fresh_timer_.start(Millis{0});
}

Probe::~Probe() = default;

void Probe::tell() {
  const auto changed = changed_;  // may destroy this, and so may the order's
  if (const auto told = std::exchange(order_outcome_, nullptr)) told();
  if (changed) changed();
}

void Probe::look_now() {
  if (session_ && session_->idle())
    session_timer_.start(Millis{0});
  else if (session_)
    look_again_ = true;
  else
    session_timer_.start(Millis{0});
  look_fresh();
}

// A fresh connection that failed is tried again when there is a sign that something changed.
void Probe::look_fresh() {
  if (!fresh_ && view_.fresh.answer != Answer::ok) fresh_timer_.start(Millis{0});
}

void Probe::names_changed() {
  if (!session_) session_timer_.start(Millis{0});
  look_fresh();
}

Parameters Probe::parameters(size_t first) const {
  Parameters p = connect_parameters(resolver_->info(), resolver_->endpoints(), first);
  const auto deadline = std::to_string(options_.session_deadline.count());
  value_of(p, "application_name") = "picket";
  value_of(p, "client_encoding") = "UTF8";
  // The server ends a query that we no longer wait for; and no schema of a user's stands before pg_catalog.
  value_of(p, "options") += " -c statement_timeout=" + deadline + " -c search_path=pg_catalog";
  set_default(p, "gssencmode", "disable");  // looking for Kerberos tickets may read files and ask a name service
  set_default(p, "tcp_user_timeout", deadline);
  set_default(p, "keepalives_idle", "2");
  set_default(p, "keepalives_interval", "1");
  set_default(p, "keepalives_count", "2");
  return p;
}

// Why no connect can begin now; "" if one can, nothing while the first name lookup is still young.
std::optional<std::string> Probe::obstacle() {
  if (!resolver_) return unusable_;
  if (!resolver_->endpoints().empty()) {
    resolver_->refresh(names_fresh_for);
    return "";
  }
  if (!resolver_->error().empty()) {
    resolver_->refresh(names_retried_after);
    return resolver_->error();
  }
  if (boot_now() - began_ < options_.connect_deadline) return {};
  return "the name service does not answer";
}

void Probe::session_due() {
  if (!session_) return open_session();
  if (session_->idle()) ask();
}

void Probe::open_session() {
  session_began_ = session_asked_ = boot_now();
  const auto why_not = obstacle();
  if (!why_not || !why_not->empty()) {
    session_timer_.start(options_.poll);
    if (!why_not) return;
    record(view_.session, {Answer::failed, *why_not}, session_began_, boot_now());
    return tell();
  }
  session_ = std::make_unique<PgConnection>(
      loop_, parameters(session_first_), options_.connect_deadline, [this](const Outcome& o) { session_opened(o); },
      [this](const Outcome& o) { session_lost(o); });
}

void Probe::session_opened(const Outcome& outcome) {
  session_is_new_ = true;
  whole_asked_.reset();
  if (outcome.answer == Answer::ok) return ask();
  session_over(outcome, session_began_);
  tell();
}

void Probe::session_lost(const Outcome& outcome) {
  session_over(outcome, boot_now());
  if (!fresh_) fresh_timer_.start(Millis{0});
  tell();
}

// The session is no more: back at once, but no more often than every `poll` unless somebody asked.
void Probe::session_over(const Outcome& outcome, Instant asked) {
  const Instant now = boot_now();
  record(view_.session, outcome, asked, now);
  session_.reset();
  if (order_) {
    const std::string words = outcome.detail.empty() ? "the session ended" : outcome.detail;
    order_outcome_ = [done = std::move(order_->done), words] { done(words, {}); };
    order_.reset();
  }
  if (!from_postgresql(outcome.answer)) ++session_first_;  // libpq gives up a list at the first that accepts and closes
  if (resolver_) resolver_->refresh(names_retried_after);
  const bool again = std::exchange(look_again_, false);
  session_timer_.start(again ? Millis{0} : std::max(session_began_ + options_.poll - now, Millis{0}));
}

void Probe::ask() {
  session_timer_.stop();
  look_again_ = false;
  session_asked_ = boot_now();
  const bool whole = whole_due();
  if (whole) whole_asked_ = session_asked_;
  session_->query(status_query(whole ? StatusForm::whole : StatusForm::brief), options_.session_deadline,
                  [this, whole](const Outcome& o, const Rows& rows) { looked(o, rows, whole); });
}

bool Probe::whole_due() const { return !whole_asked_ || boot_now() - *whole_asked_ >= whole_every; }

void Probe::looked(const Outcome& outcome, Rows rows, bool whole) {
  const bool well = outcome.answer == Answer::ok;
  if (well && whole) constants_.keep(rows);
  const bool complete = well && (whole || constants_.complete(rows));
  if (!complete) whole_asked_.reset();
  if (well && !complete) return ask();  // somebody streams who was not there
  answered(outcome, rows);
}

void Probe::answered(const Outcome& outcome, const Rows& rows) {
  if (!session_->usable()) {
    session_over(outcome, session_asked_);
    return tell();
  }
  Outcome result = outcome;
  if (outcome.answer == Answer::ok) {
    if (auto facts = decode_status(rows, result.detail)) {
      if (view_.facts) keep_timeline(*view_.facts, *facts);
      view_.facts = std::move(*facts);
      view_.facts_asked = session_asked_;
    } else {
      result.answer = Answer::garbage;
    }
  }
  record(view_.session, result, session_asked_, boot_now());
  if (result.answer == Answer::ok && std::exchange(session_is_new_, false)) look_fresh();
  if (extra_due())
    ask_extra();
  else
    wait();
  tell();
}

bool Probe::extra_due() const {
  return !options_.extra_query.empty() && (!extra_asked_ || boot_now() - *extra_asked_ >= options_.extra_every);
}

void Probe::ask_extra() {
  extra_asked_ = boot_now();
  session_->query(options_.extra_query, options_.session_deadline,
                  [this](const Outcome& o, const Rows& rows) { extra_answered(o, rows); });
}

void Probe::extra_answered(const Outcome& outcome, const Rows& rows) {
  if (!session_->usable()) {
    session_over(outcome, *extra_asked_);
    return tell();
  }
  wait();
  const auto on_rows = options_.extra_rows;  // may destroy this
  const auto on_failure = options_.extra_failed;
  if (outcome.answer == Answer::ok && on_rows) on_rows(rows);
  if (outcome.answer != Answer::ok && on_failure) on_failure(outcome.detail);
}

std::string Probe::execute(std::string sql, Executed done) {
  if (!session_) return "there is no session";
  if (order_ || order_outcome_) return "an earlier order has not ended";
  order_ = Order{std::move(sql), std::move(done)};
  if (session_->idle()) send_order();
  return "";
}

void Probe::send_order() {
  session_timer_.stop();
  order_sent_ = boot_now();
  session_->query(order_->sql, options_.session_deadline,
                  [this](const Outcome& o, const Rows& rows) { order_ended(o, rows); });
}

void Probe::order_ended(const Outcome& outcome, const Rows& rows) {
  if (!session_->usable()) {
    session_over(outcome, order_sent_);
    return tell();
  }
  const auto done = std::move(order_->done);
  order_.reset();
  wait();
  const bool well = outcome.answer == Answer::ok;
  done(well ? "" : outcome.detail, rows);  // may destroy this
}

void Probe::wait() {
  if (order_) return send_order();
  const bool again = std::exchange(look_again_, false);
  session_timer_.start(again ? Millis{0} : std::max(session_asked_ + options_.poll - boot_now(), Millis{0}));
}

void Probe::open_fresh() {
  if (fresh_) return;
  fresh_asked_ = boot_now();
  const auto why_not = obstacle();
  if (!why_not || !why_not->empty()) {
    fresh_timer_.start(why_not ? options_.fresh_every : options_.poll);
    if (!why_not) return;
    record(view_.fresh, {Answer::failed, *why_not}, fresh_asked_, boot_now());
    return tell();
  }
  fresh_ = std::make_unique<PgConnection>(
      loop_, parameters(fresh_first_), options_.fresh_deadline, [this](const Outcome& o) { fresh_ended(o); }, nullptr);
}

void Probe::fresh_ended(const Outcome& outcome) {
  const Instant now = boot_now();
  record(view_.fresh, outcome, fresh_asked_, now);
  fresh_.reset();
  const bool silent = outcome.answer == Answer::timed_out;
  if (!from_postgresql(outcome.answer)) ++fresh_first_;
  // After a silence the next begins at once, but a full listen queue is a silence that comes at once.
  const Millis pause = silent ? options_.poll : options_.fresh_every;
  fresh_timer_.start(std::max(fresh_asked_ + pause - now, Millis{0}));
  tell();
}

}  // namespace picket
