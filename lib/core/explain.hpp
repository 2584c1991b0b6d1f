#pragma once
// The sentence of a verdict: what an administrator reads at night. It names nodes, timelines and reasons, and holds no
// number that changes by itself, so that it stays the same as long as the situation does.

#include <string>
#include <vector>

#include "core/signals.hpp"
#include "core/unreached.hpp"

namespace picket {

/// Who else is, or may be, the primary, and who follows it.
std::string rival_story(const ClusterView& view);

/// Why this node is fenced, or counts as fenced.
std::string marker_story(const Board& board);

/// Why `row` was chosen. `others`: what the other voters say of this server.
std::string sentence_for(const Ruling& row, const Signals& signals, const ClusterView& view, const Board& board,
                         const Policy& policy, const Unreached& others);

/// What else deserves a look, independent of the row. While the agent has not `settled`, what it could not look at yet
/// is no news.
std::vector<std::string> alarms_for(const Ruling& row, const Signals& signals, const ClusterView& view,
                                    const Board& board, bool settled, const Unreached& others);

}  // namespace picket
