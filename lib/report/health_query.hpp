#pragma once
// The parameters that a health check may carry: Patroni's, with its rules for sizes, and a few of our own. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "report/face_options.hpp"

namespace picket {

struct HealthQuery {
  std::optional<uint64_t> lag;     ///< lag=1MB: at most so many bytes behind
  std::optional<Millis> lag_time;  ///< lag=5s: the last replayed commit is at most so old
  bool lag_garbled = false;        ///< a lag that is neither: Patroni takes it for no bound at all
  std::optional<std::string> replication_state;
  bool received = false;  ///< mode=write: the lag counts what is received, not what is replayed
  bool drain = false;     ///< drain=404: a standby that is up but not offered answers 404 (http-check disable-on-404)
  bool fallback = false;  ///< fallback=primary: the primary answers reads only when no standby can
  Tags tags;              ///< tag_NAME=VALUE
};

/// `query` as in the request, without the question mark. Of a parameter that comes twice the first counts, as with
/// Patroni; unknown ones are ignored.
HealthQuery parse_health_query(std::string_view query);

/// A size by PostgreSQL's rules as Patroni reads them (its utils.py, parse_int): blanks, hexadecimal and octal numbers
/// and fractions, then nothing or B, kB, MB, GB, TB. Nothing for what is none, or is negative.
std::optional<uint64_t> parse_lag_bytes(std::string_view text);

}  // namespace picket
