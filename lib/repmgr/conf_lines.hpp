#pragma once
// The grammar under repmgr.conf, which repmgr took from postgresql.conf (guc-file.l): text to settings, no meaning.

#include <string>
#include <string_view>
#include <vector>

namespace picket {

struct ConfSetting {
  std::string name;   ///< as written: repmgr tells upper from lower case
  std::string value;  ///< quotes and escapes undone
  int line = 0;       ///< from 1
};

struct ConfLines {
  std::vector<ConfSetting> settings;  ///< in the order of the file
  std::vector<int> includes;          ///< lines of include, include_dir and include_if_exists directives
  std::string error;                  ///< empty, or what is wrong with the first malformed line
  int error_line = 0;
};

ConfLines read_conf_lines(std::string_view text);

}  // namespace picket
