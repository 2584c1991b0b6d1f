#include "flight/model_probe.hpp"

namespace picket {
namespace {

void ends(Attempts& attempts, Answer answer, Instant asked, Instant now) {
  attempts.answer = answer;
  attempts.asked = asked;
  attempts.ended = now;
  if (from_postgresql(answer)) attempts.answered_asked = asked;
  if (answer != Answer::timed_out) attempts.silent_since.reset();
  if (answer == Answer::timed_out && !attempts.silent_since) attempts.silent_since = asked;
}

std::optional<Answer> answer_of(Says says, bool open_session) {
  switch (says) {
    case Says::ok: return Answer::ok;
    case Says::silent: return std::nullopt;
    case Says::frozen: return open_session ? std::optional(Answer::ok) : std::nullopt;
    case Says::full: return open_session ? Answer::ok : Answer::too_many_connections;
    case Says::refused: return Answer::refused;
    case Says::unreachable: return Answer::unreachable;
    case Says::locked_out: return Answer::authentication_failed;
    case Says::starting: return Answer::starting;
    case Says::stopping: return Answer::stopping;
    case Says::failed: break;
  }
  return Answer::failed;
}
}  // namespace

void ModelProbe::step(ServerView& view, Says says, const ServerFacts& truth, Instant now) {
  session(view, says, truth, now);
  fresh(view, says, now);
}

void ModelProbe::session(ServerView& view, Says says, const ServerFacts& truth, Instant now) {
  const bool open = view.session.answer == Answer::ok;
  if (!session_asked_) session_asked_ = now;
  const auto answer = answer_of(says, open);
  if (!answer && now - *session_asked_ < pace_.patience) return;
  ends(view.session, answer.value_or(Answer::timed_out), *session_asked_, now);
  session_asked_.reset();
  if (!answer) session_asked_ = now;
  if (view.session.answer != Answer::ok) return;
  view.facts = truth;
  view.facts_asked = view.session.asked;
}

void ModelProbe::fresh(ServerView& view, Says says, Instant now) {
  if (!fresh_asked_ && now < fresh_due_) return;
  if (!fresh_asked_) fresh_asked_ = now;
  const auto answer = answer_of(says, false);
  if (!answer && now - *fresh_asked_ < pace_.patience) return;
  ends(view.fresh, answer.value_or(Answer::timed_out), *fresh_asked_, now);
  fresh_due_ = *fresh_asked_ + pace_.fresh_every;
  fresh_asked_.reset();
  if (!answer) fresh_asked_ = now;
}

}  // namespace picket
