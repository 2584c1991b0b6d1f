#pragma once
// The answer to a query as plain text cells, so that decoders need no libpq and are tested with literals.

#include <optional>
#include <string>
#include <vector>

namespace picket {

/// One value in PostgreSQL's text format; empty for SQL NULL.
using Cell = std::optional<std::string>;
using Row = std::vector<Cell>;
using Rows = std::vector<Row>;

}  // namespace picket
