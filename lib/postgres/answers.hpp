#pragma once
// What an error of libpq means. libpq has no accessor for the SQLSTATE of a failed connect, so its text is read: the
// connection runs with PQERRORS_VERBOSE, which puts the SQLSTATE before the server's message, and libpq's own messages
// are in English because picketd never calls setlocale().

#include <string>
#include <string_view>

#include "core/facts.hpp"

namespace picket {

/// How an attempt ended, in one word and in the server's or system's own words (one line, empty when ok).
struct Outcome {
  Answer answer = Answer::none_yet;
  std::string detail;
  bool from_server = false;  ///< a living server must have said it, even if it is of no use to us
};

/// Reads PQerrorMessage() of a connect that failed. Several hosts give several messages: one from a PostgreSQL server
/// wins over one from the network, the last of equals wins.
Outcome classify_connect_error(std::string_view message);

/// Reads the SQLSTATE and message of a query's error or of a server's parting notice (appendix A, "Error Codes").
Outcome classify_sqlstate(std::string_view sqlstate, std::string_view message);

/// Notes in `attempts` that the attempt begun at `asked` ended at `ended` as `outcome`.
void record(Attempts& attempts, const Outcome& outcome, Instant asked, Instant ended);

/// `text` on one line: line ends become "; ", libpq's LOCATION lines and hints go.
std::string one_line(std::string_view text);

}  // namespace picket
