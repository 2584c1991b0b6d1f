#pragma once
// Who streams from whom, by the word of both sides: the reductions that the search for a rival and the view of the
// cluster share. Pure functions over the facts.

#include <string>
#include <vector>

#include "core/facts.hpp"
#include "core/policy.hpp"
#include "core/signals.hpp"

namespace picket {

/// Does `server`, a standby, say that it streams from the node at host:port? repmgr clones with the upstream's own
/// conninfo, so the texts agree.
bool says_it_follows(const ServerFacts& server, const std::string& host, int port);

/// True when `leader` says that the node of that name streams from it.
bool lists(const ServerView& leader, const std::string& name);

/// True when the server, which has facts, heard from its upstream within Policy::upstream_silence.
bool receiver_is_live(const ServerView& server, const Horizon& horizon, const Policy& policy);

/// Names of those that stream from the server at host:port: by the standby's own word, or, where that standby cannot be
/// asked, by the list of `leader`, if one is given. A word from before `since` is none.
std::vector<std::string> followers_of(const ServerView* leader, const std::string& host, int port, const Board& board,
                                      Instant since, const Horizon& horizon, const Policy& policy);

/// True unless both system identifiers are known and differ.
bool same_system(const ServerFacts& facts, uint64_t own);

/// A witness by its row of repmgr.nodes. One whose server has told that it has this node's data is none: repmgr's
/// witness has a database of its own, so the row was edited. `own` 0: unknown, the row is believed.
bool is_witness(const Peer& peer, uint64_t own);

/// True when the host's refusal counts as an answer: of two nodes, which can never make a majority when one is down. It
/// says at least that no server runs there.
bool refusal_counts(const Attempts& attempts, const Board& board);

}  // namespace picket
