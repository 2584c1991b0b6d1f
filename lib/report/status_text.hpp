#pragma once
// What `picket status` prints, for a human at three in the morning: the verdict and its reason first, then this node,
// its peers, the fence. Made from the JSON of status_json(), so that the command line needs no other knowledge.

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace picket {

/// Missing or odd keys are shown as "?" or left out: an older or newer daemon can still be read.
std::string status_text(const nlohmann::json& status);

}  // namespace picket
