#include "report/condition.hpp"

#include <algorithm>

#include "core/following.hpp"

namespace picket {
namespace {

bool lives(const PostmasterFacts& postmaster) {
  return postmaster.process != PostmasterFacts::Process::absent && !postmaster.ended;
}

/// Nothing was seen that contradicts: after a session has ended, the role is believed for a moment (R14), but not while
/// the server itself says that it does not let anybody in.
bool may_serve(const Board& board) {
  const Answer answer = board.server.session.answer;
  return lives(board.postmaster) && answer != Answer::starting && answer != Answer::stopping &&
         answer != Answer::refused;
}

bool is_offered(Advert advert, const Snapshot* s, Instant now, Millis max_age) {
  return is_recent(s, now, max_age) && s->verdict.advert == advert && may_serve(s->board);
}

bool answers_as_standby(const ServerView& server, Instant now, Millis max_age) {
  return server.facts && server.facts->role == Role::standby && server.session.answer == Answer::ok &&
         now - server.facts_asked <= max_age;
}

}  // namespace

bool is_recent(const Snapshot* s, Instant now, Millis max_age) { return s && now - s->decided <= max_age; }

bool postgresql_up(const Board& board, Instant now, Millis max_age) {
  return board.server.facts && board.server.facts->role != Role::unknown && board.server.session.answer == Answer::ok &&
         now - board.server.facts_asked <= max_age && lives(board.postmaster);
}

bool is_primary(const Snapshot* s, Instant now, Millis max_age) { return is_offered(Advert::primary, s, now, max_age); }

bool is_replica(const Snapshot* s, Instant now, Millis max_age) { return is_offered(Advert::replica, s, now, max_age); }

bool is_draining(const Snapshot* s, Instant now, Millis max_age) {
  const bool standby = s && (s->verdict.rule == Rule::R12 || s->verdict.rule == Rule::R13);
  return standby && is_recent(s, now, max_age) && s->verdict.advert == Advert::down &&
         postgresql_up(s->board, now, max_age);
}

bool is_streaming(const ServerView& server, Instant now, Millis max_age) {
  if (!answers_as_standby(server, now, max_age) || !server.facts->receiver) return false;
  const std::string& status = server.facts->receiver->status;
  return status.empty() || status == "streaming";  // empty: hidden from us, and yet there is a receiver
}

bool is_in_archive_recovery(const ServerView& server, Instant now, Millis max_age) {
  return answers_as_standby(server, now, max_age) && !server.facts->receiver;
}

bool takes_reads(const Snapshot& s, const Tags& tags) {
  return !s.maintenance && std::ranges::none_of(tags, [](const auto& tag) {
    return tag.first == "noloadbalance" && tag.second == "true";
  });
}

SyncState sync_state(const Board& board, Instant now, Millis max_age) {
  if (!board.server.facts) return SyncState::unknown;
  const Peer* primary = primary_in_sight(board, board.server.facts->system_identifier, now, max_age);
  if (!primary) return SyncState::unknown;
  for (const Follower& f : primary->server.facts->followers) {
    if (f.application_name != board.self_name || f.state != "streaming") continue;
    if (f.sync_state == "sync") return SyncState::sync;
    if (f.sync_state == "quorum") return SyncState::quorum;
    return f.sync_state.empty() ? SyncState::unknown : SyncState::async;
  }
  return SyncState::unknown;
}

bool another_standby_qualifies(const Board& board, std::optional<uint64_t> max_lag, Instant now, Millis max_age) {
  const uint64_t own_system = board.server.facts ? board.server.facts->system_identifier : 0;
  for (const Peer& peer : board.peers) {
    if (is_witness(peer, own_system) || !is_streaming(peer.server, now, max_age)) continue;
    const ServerFacts& facts = *peer.server.facts;
    if (facts.system_identifier != own_system || facts.replay_paused) continue;
    const Lag lag = lag_of(peer.server, board, now, max_age);
    if (lag.bytes && (!max_lag || *lag.bytes <= *max_lag)) return true;
  }
  return false;
}

}  // namespace picket
