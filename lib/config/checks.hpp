#pragma once
// Values that are each in range and yet make no sense together.

#include <string>
#include <vector>

#include "config/config.hpp"

namespace picket {

struct Contradiction {
  std::vector<std::string> keys;  ///< whose values meet
  std::string sentence;           ///< what must hold, and what stands there instead
};

std::vector<Contradiction> contradictions(const Config& config);

}  // namespace picket
