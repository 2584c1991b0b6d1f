#pragma once
// How far a pg_rewind has come, by what it and repmgr around it print (PostgreSQL: src/bin/pg_rewind/pg_rewind.c; the
// words are the same from 13 to 17). Pure.

#include <cstdint>
#include <string_view>

namespace picket {

class RewindWords {
 public:
  /// One line of their output. Returns whether `half_way(false)` may be another one now.
  bool hear(std::string_view line);

  /// Whether the data must be taken for half rewound: it has said that it begins to change them, and not that it ended.
  /// `killed`: the program that ran it did not end by itself. Then a pg_rewind that has said nothing yet may still run,
  /// or its last words may be lost: only its end is believed.
  bool half_way(bool killed) const { return stage_ == Stage::changing || (killed && stage_ != Stage::ended); }

 private:
  enum class Stage : uint8_t { untouched, changing, ended };
  Stage stage_ = Stage::untouched;
};

/// Whether `repmgr node rejoin --force-rewind --dry-run`, which printed this, would run it.
bool would_rewind(std::string_view output);

}  // namespace picket
