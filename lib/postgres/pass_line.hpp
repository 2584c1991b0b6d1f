#pragma once
// A connection string whose password goes by a file instead (PostgreSQL documentation 34.16): an argument of a program
// is for everybody to read. Pure.

#include <string>

namespace picket {

struct PassLine {
  std::string conninfo;  ///< the same without its password, as keywords and values
  std::string line;      ///< for a password file, with its newline; "" = there was no password
};

/// A string that makes no sense comes back as it is: whoever connects with it says so.
PassLine pass_line_of(const std::string& conninfo);

}  // namespace picket
