#pragma once
// The end of the way back: this node streams from the primary.

#include <functional>

#include "config/config.hpp"
#include "rejoin/look.hpp"

namespace picket {

/// Returns as soon as this node's server streams from the primary of `view`, on its timeline. Blocking; throws
/// std::runtime_error after ten minutes, or when `stop` says so, with what it last heard.
void await_streaming(const Config& config, const RepmgrConf& repmgr, const RejoinView& view,
                     const std::function<bool()>& stop);

}  // namespace picket
