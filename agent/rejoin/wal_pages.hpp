#pragma once
// Whether the write-ahead log ends where it cannot be read any further: no program's words tell, for a damaged record
// and the end of the log look alike.

#include "rejoin/wal.hpp"

namespace picket {

/// Whether a page behind `end` was written as part of this log: each page begins with its own address
/// (XLogPageHeaderData), and a recycled or fresh segment has another one, or none. Reads the rest of that segment and
/// the first page of each later one.
bool log_goes_on(const WalPlace& place, Lsn end);

}  // namespace picket
