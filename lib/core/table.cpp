#include "core/table.hpp"

namespace picket {

// One function with early returns in order of danger; read it from top to bottom. docs/safety.md gives the reason of
// each.
Ruling match(const Signals& s, const State& m) {
  const bool runs =
      s.postmaster == Postmaster::up || s.postmaster == Postmaster::hung || s.postmaster == Postmaster::stopping;
  const bool known = runs && s.sight != Sight::none;
  const bool is_primary = known && s.role == Role::primary;
  const bool is_standby = known && s.role == Role::standby && s.sight != Sight::remembered;
  // Was confirmed, and nothing voided that since.
  const bool trusted = m.held && !m.suspended && s.majority != Majority::asking && s.majority != Majority::lapsed;

  // What was said before, as far as it still fits: a row that cannot see keeps an offer, but never makes a new one.
  const bool keeps = is_primary ? trusted && m.advert == Advert::primary && s.sight != Sight::remembered
                                : !m.suspended && m.advert == Advert::replica;
  const Advert previous = keeps ? m.advert : Advert::down;

  // It may be a witness, whose server is a primary by its own account and is nobody's: it is not raised, and no other
  // primary is a reason to stop it.
  const bool perhaps_nobodys = s.witness == IsWitness::unproved;

  // Its server, if it has one, is a primary by its own account, with data of its own: nobody may be sent to it, and
  // there is nothing to fence.
  if (s.witness == IsWitness::yes) return {Rule::W, Advert::down, Vrrp::fault};
  if (s.foreign) return {Rule::R0, Advert::down, Vrrp::fault};
  if (s.gap) return {Rule::R0b, Advert::down, Vrrp::hold};

  // The proofs come before the marker that they write: a stop which began in the way that flushes to a standby is not
  // made harder by its own marker, and its sentence stands until the server is dead. Nor do they need a marker that can
  // be read, or wait for a server that is shutting down: a smart shutdown lets its sessions go on.
  if (is_primary && s.rival == Rival::confirmed && !perhaps_nobodys)
    return {Rule::R3, Advert::down, Vrrp::fault, s.followed ? Action::stop_fast : Action::stop_now, FenceReason::stale};
  const bool cut_off = m.held && s.majority == Majority::lost && !s.small_cluster;
  if (is_primary && (cut_off || s.majority == Majority::lapsed))
    return {Rule::R4, Advert::down, Vrrp::fault, Action::stop_now, FenceReason::isolated};
  const bool hung = is_primary && m.held && s.postmaster == Postmaster::hung;
  if (hung && s.hang == Hang::stop) return {Rule::R7, Advert::down, Vrrp::fault, Action::stop_now, FenceReason::hung};

  // It would serve, and nobody gets there; another could. It has the lease, so it gives up in good order.
  if (is_primary && m.held && s.unreached)
    return {Rule::R11, Advert::down, Vrrp::fault, Action::stop_fast, FenceReason::unreachable};

  // A fence outlives restarts and hands.
  const bool fenced = s.marker == MarkerState::fenced || s.marker == MarkerState::isolated;
  // A fast stop whose agent was restarted in its midst goes on: what is on its way to a standby gets there.
  const bool flushes = s.postmaster == Postmaster::stopping && s.followed;
  if (is_primary && fenced)
    return {Rule::R2, Advert::down, Vrrp::fault, flushes ? Action::stop_fast : Action::stop_now};
  // What crashed in place is back in a moment: the address waits. So it does at the first sight of an end, until the
  // next look tells a crash from a stop.
  const bool waits_here = (m.held || s.restart == Restart::in_place) && s.rival < Rival::claimed;
  const Vrrp gone = waits_here && s.marker == MarkerState::none ? Vrrp::hold : Vrrp::fault;
  if (s.postmaster == Postmaster::orphans) return {Rule::R9, Advert::down, gone, Action::kill_rest};
  const bool waits = s.marker == MarkerState::isolated || s.marker == MarkerState::none;
  if (waits && s.postmaster == Postmaster::absent && s.restart == Restart::allowed)
    return {Rule::B3, Advert::down, Vrrp::fault, Action::start};
  if (s.marker != MarkerState::none && !is_standby) return {Rule::R2h, Advert::down, Vrrp::fault};
  if (is_primary && s.rival >= Rival::proven) return {Rule::R3c, Advert::down, Vrrp::fault};

  if (s.postmaster == Postmaster::absent && s.restart == Restart::in_place)
    return {Rule::R10c, Advert::down, gone, Action::start};
  if (s.postmaster == Postmaster::absent) return {Rule::R10, Advert::down, gone};
  if (s.postmaster == Postmaster::stopping) return {Rule::R10, Advert::down, Vrrp::fault};
  // Long recoveries happen: the address waits for this node only until another is the primary.
  if (s.postmaster == Postmaster::starting)
    return {Rule::R8, Advert::down, s.rival >= Rival::proven ? Vrrp::fault : Vrrp::hold};

  if (hung && s.hang == Hang::withdraw) return {Rule::R7a, Advert::down, Vrrp::fault};
  if (hung) return {Rule::R7a, previous, Vrrp::hold};

  if (s.sight == Sight::cached && ((is_primary && trusted) || (is_standby && !m.suspended)))
    return {Rule::R14, previous, Vrrp::hold};

  if (s.postmaster == Postmaster::up && s.sight == Sight::fresh) {
    if (is_primary) {
      const bool unchallenged = s.rival == Rival::none || trusted || s.own_support;
      if (s.majority == Majority::fresh && unchallenged && !perhaps_nobodys)
        return {Rule::R1, Advert::primary, Vrrp::raise};
      if (trusted && s.majority == Majority::suspect) return {Rule::R5, previous, Vrrp::hold};
      if (trusted && s.majority == Majority::lost) return {Rule::R4b, previous, Vrrp::hold};  // small cluster
      return {Rule::R6, Advert::down, Vrrp::lower};
    }
    if (is_standby && s.follows_primary && s.lag_ok) return {Rule::R12, Advert::replica, Vrrp::lower};
    if (is_standby) return {Rule::R13, s.lag_ok && s.stale_reads ? Advert::replica : Advert::down, Vrrp::lower};
  }
  return {Rule::R16, Advert::down, Vrrp::lower};
}

State after(const Signals& s, const State& m, const Ruling& row) {
  State next = m;
  next.advert = row.advert;
  // A proof against us voids what was confirmed before, also when it goes again: the follower that made it may just
  // have died.
  if (s.gap || row.rule == Rule::R3c) next.suspended = true;
  if (row.rule == Rule::R1 || row.rule == Rule::R12 || row.rule == Rule::R13) next.suspended = false;
  if (row.rule == Rule::R1) next.held = true;
  // Another postmaster, or another role, begins without what the last one had. One that recovers from the crash of a
  // backend is the same; decide() tells another one that starts by its process.
  const bool over = s.witness == IsWitness::yes || s.postmaster == Postmaster::absent ||
                    s.postmaster == Postmaster::orphans || (s.role == Role::standby && s.sight == Sight::fresh);
  if (over) next.held = false;
  return next;
}

}  // namespace picket
