#pragma once
// Values that are each in range and yet make no sense together.

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace picket {

struct Contradiction {
  std::vector<std::string> keys;  ///< whose values meet
  std::string sentence;           ///< what must hold, and what stands there instead
};

std::vector<Contradiction> contradictions(const Config& config);

/// Whether a key of that full name means anything on a witness, which has no PostgreSQL.
bool concerns_a_witness(std::string_view path);

}  // namespace picket
