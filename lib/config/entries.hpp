#pragma once
// A TOML document as a flat list: every table and every value under its full name ("guard.fresh") with its line. This
// is the one place that knows the TOML library.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace picket {

struct Entry {
  std::string path;  ///< "level", "guard", "guard.fresh"
  int line = 0;      ///< from 1
  bool table = false;
  std::string type;  ///< what it is, for a message: "a string", "a whole number", "an array"
  std::variant<std::monostate, std::string, int64_t, bool> value;  ///< monostate for all other types
};

/// In the order of the lines. Throws ConfigError when the text is not TOML.
std::vector<Entry> read_entries(std::string_view text, const std::string& filename);

}  // namespace picket
