#pragma once
// What a snapshot means to somebody who asks from outside: which role this node may be used in now. Every face asks
// these, so that no two of them can disagree. Pure; allocates nothing.

#include "core/lag.hpp"
#include "report/face_options.hpp"
#include "report/snapshot.hpp"

namespace picket {

/// Whether the verdict was found to hold not longer than `max_age` ago; an older one proves nothing.
bool is_recent(const Snapshot* snapshot, Instant now, Millis max_age);

/// Whether the local PostgreSQL is known to run: its role was read over the open session not longer than `max_age` ago.
bool postgresql_up(const Board& board, Instant now, Millis max_age);

/// To be written to: a recent verdict says primary, and nothing was seen that says PostgreSQL does not serve.
bool is_primary(const Snapshot* snapshot, Instant now, Millis max_age);

/// To be read from as a standby: likewise.
bool is_replica(const Snapshot* snapshot, Instant now, Millis max_age);

/// A standby that answers and is not to get new work: its lag is too great, or it knows of no primary and stale reads
/// are not wanted. Sessions that are there may stay.
bool is_draining(const Snapshot* snapshot, Instant now, Millis max_age);

/// A standby that receives WAL from somebody now.
bool is_streaming(const ServerView& server, Instant now, Millis max_age);

/// A standby that answers and receives from nobody: it replays what its archive gives it, if anything.
bool is_in_archive_recovery(const ServerView& server, Instant now, Millis max_age);

/// Whether its operator lets reads be sent to this node as a standby: it is not in maintenance, and has not Patroni's
/// tag `noloadbalance`.
bool takes_reads(const Snapshot& snapshot, const Tags& tags);

/// What the primary in sight says of this standby in pg_stat_replication; unknown while none is in sight.
enum class SyncState : uint8_t { unknown, async, sync, quorum };
SyncState sync_state(const Board& board, Instant now, Millis max_age);

/// Whether, by the facts that this node has, any other node is a standby that may be read from: it answers, streams,
/// does not pause its replay and is at most `max_lag` behind, if that is given. Another agent's verdict is not known
/// here.
bool another_standby_qualifies(const Board& board, std::optional<uint64_t> max_lag, Instant now, Millis max_age);

}  // namespace picket
