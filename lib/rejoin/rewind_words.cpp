#include "rejoin/rewind_words.hpp"

namespace picket {

bool RewindWords::hear(std::string_view line) {
  const Stage before = stage_;
  if (line.find("pg_rewind: rewinding from") != line.npos) stage_ = Stage::changing;
  if (line.find("pg_rewind: Done!") != line.npos || line.find("pg_rewind: no rewind required") != line.npos)
    stage_ = Stage::ended;
  return stage_ != before;
}

bool would_rewind(std::string_view output) { return output.find("pg_rewind would now be executed") != output.npos; }

}  // namespace picket
