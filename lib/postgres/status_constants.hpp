#pragma once
// What the brief form of the status query leaves out, kept from the whole form. Pure.

#include <map>
#include <string>

#include "postgres/rows.hpp"

namespace picket {

/// Of one session: what it shows of the server and of each WAL sender, by its process, does not change while they live.
class StatusConstants {
 public:
  /// Takes over what `whole`, the rows of the whole form, shows, and forgets what was before. Rows of another width,
  /// which decode_status() refuses, leave nothing.
  void keep(const Rows& whole);
  /// Completes the rows of the brief form. False when it cannot: nothing was kept yet, or there is a WAL sender that
  /// was not there; the whole form must be asked.
  bool complete(Rows& brief) const;

 private:
  Row server_;
  std::map<std::string, Row> followers_;  ///< by process number
};

}  // namespace picket
