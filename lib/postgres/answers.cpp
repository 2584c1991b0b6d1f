#include "postgres/answers.hpp"

#include <array>
#include <vector>

namespace picket {
namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (auto word : words)
    if (text.starts_with(word)) return true;
  return false;
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (auto word : words)
    if (text.find(word) != text.npos) return true;
  return false;
}

// Lines that explain a message and never are one.
bool is_remark(std::string_view line) {
  return line.empty() || line.front() == '\t' ||
         starts_with_any(line, {"LOCATION:", "DETAIL:", "HINT:", "CONTEXT:", "STATEMENT:"});
}

std::vector<std::string_view> message_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    if (!is_remark(line)) lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// `SEVERITY:  XXXXX: words`, the head of a server's message under PQERRORS_VERBOSE; the severity may be translated.
bool server_message(std::string_view line, std::string_view& code, std::string_view& words) {
  const size_t gap = line.find(":  ");
  if (gap == line.npos || line.size() < gap + 10 || line.substr(gap + 8, 2) != ": ") return false;
  code = line.substr(gap + 3, 5);
  for (char c : code)
    if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z')) return false;
  words = line.substr(gap + 10);
  return true;
}

// libpq says which server first ("connection to server at ... failed: "); what is left says why.
std::string_view without_target(std::string_view line) {
  static constexpr std::string_view mark = " failed: ";
  if (!line.starts_with("connection to server")) return line;
  const size_t at = line.find(mark);
  return at == line.npos ? line : line.substr(at + mark.size());
}

Answer answer_of_words(std::string_view words) {
  if (starts_with_any(words, {"Connection refused", "No such file or directory"})) return Answer::refused;
  if (starts_with_any(words, {"No route to host", "Network is unreachable", "Host is down", "Network is down"}))
    return Answer::unreachable;
  // A UNIX socket whose listen queue is full, as behind a frozen postmaster: connect(2) gives EAGAIN, which libpq takes
  // for "in progress" and finds the socket unconnected. Nobody accepts: the same silence as with TCP.
  if (contains_any(words, {"Connection timed out", "timeout expired", "Transport endpoint is not connected",
                           "Resource temporarily unavailable"}))
    return Answer::timed_out;
  if (contains_any(words, {"closed the connection unexpectedly", "Connection reset by peer", "Broken pipe",
                           "EOF detected", "unexpected eof"}))
    return Answer::closed;
  if (contains_any(words,
                   {"invalid response to SSL negotiation", "invalid response to GSSAPI negotiation",
                    "expected authentication request from server", "unencrypted data after", "wrong version number",
                    "lost synchronization", "unexpected response from server", "unexpected message", "invalid message",
                    "packet length too long", "insufficient data in", "extraneous data in"}))
    return Answer::garbage;
  if (contains_any(words, {"fe_sendauth", "password", "authentication", "SCRAM"})) return Answer::authentication_failed;
  return Answer::failed;
}

Outcome outcome_of_line(std::string_view line) {
  std::string_view code, words;
  const auto rest = without_target(line);
  if (server_message(rest, code, words)) return classify_sqlstate(code, words);
  return {answer_of_words(rest), std::string(rest)};
}

int weight(Answer a) {
  if (from_postgresql(a)) return 2;
  return a == Answer::failed ? 0 : 1;
}

}  // namespace

Outcome classify_sqlstate(std::string_view sqlstate, std::string_view message) {
  const std::string detail = one_line(message) + " (" + std::string(sqlstate) + ")";
  if (sqlstate == "57P03") {
    const bool stopping = message.find("shutting down") != message.npos;
    return {stopping ? Answer::stopping : Answer::starting, detail, true};
  }
  if (sqlstate == "53300") return {Answer::too_many_connections, detail, true};
  if (sqlstate == "57014") return {Answer::timed_out, detail, true};  // statement_timeout: slow, and alive
  if (sqlstate.starts_with("57P")) return {Answer::closed, detail, true};
  // No such database, no right to connect, an option it does not take: alive, and it does not let us in.
  if (sqlstate.starts_with("28") || sqlstate == "3D000" || sqlstate == "42501" || sqlstate == "42704" ||
      sqlstate == "22023")
    return {Answer::authentication_failed, detail, true};
  return {Answer::failed, detail, true};
}

Outcome classify_connect_error(std::string_view message) {
  Outcome best{Answer::failed, "no reason given"};
  for (auto line : message_lines(message)) {
    Outcome here = outcome_of_line(line);
    if (weight(here.answer) >= weight(best.answer)) best = std::move(here);
  }
  return best;
}

std::string one_line(std::string_view text) {
  std::string joined;
  for (auto line : message_lines(text)) {
    if (!joined.empty()) joined += "; ";
    joined += line;
  }
  return joined;
}

void record(Attempts& attempts, const Outcome& outcome, Instant asked, Instant ended) {
  attempts.answer = outcome.answer;
  attempts.detail = outcome.answer == Answer::ok ? "" : outcome.detail;
  attempts.asked = asked;
  attempts.ended = ended;
  const bool alive = outcome.from_server || from_postgresql(outcome.answer);
  if (alive) attempts.answered_asked = asked;
  if (alive || outcome.answer != Answer::timed_out)
    attempts.silent_since.reset();
  else if (!attempts.silent_since)
    attempts.silent_since = asked;
}

}  // namespace picket
