#include "rejoin/plan.hpp"

namespace picket {
namespace {

using Server = LocalData::Server;

std::string on(uint32_t timeline) { return "timeline " + std::to_string(timeline); }

bool ended_cleanly(const LocalData& local) {
  return local.control_state == "shut down" || local.control_state == "shut down in recovery";
}

// It went on as a standby when it last ran: it has promoted nobody, itself least of all. A standby.signal says nothing
// of that: somebody may have put it there.
bool was_standby(const LocalData& local) {
  return local.control_state == "shut down in recovery" || local.control_state == "in archive recovery";
}

struct Choice {
  RejoinKind kind = RejoinKind::none;
  std::string reason;
};

/// A new copy because the two logs have no common past that can be shown; nothing when they have one.
std::optional<std::string> no_common_past(const LocalData& local, const PrimaryData& primary) {
  if (local.timeline > primary.timeline)
    return "this node is on " + on(local.timeline) + ", which " + primary.name + " (" + on(primary.timeline) +
           ") has never been on";
  if (local.timeline == primary.timeline) {
    if (was_standby(local)) return {};
    return "this node and " + primary.name + " both went on as primaries of " + on(local.timeline) +
           ": pg_rewind would take the two logs for one and the same, and find nothing to do";
  }
  if (!fork_of(local, primary))
    return "the history of " + primary.name + " does not know " + on(local.timeline) + " of this node";
  if (!begins_with(primary.history, local.history))
    return on(local.timeline) + " of this node and that in the history of " + primary.name +
           " began at different places: two servers were promoted";
  if (primary.same_past == false)
    return "up to the fork the log of this node is not that of " + primary.name + ": two servers were promoted to " +
           on(local.timeline);
  return {};
}

Choice choose(const LocalData& local, const PrimaryData& primary, const Wishes& wishes) {
  if (wishes.clone) return {RejoinKind::clone, "a new copy was asked for"};
  if (local.rewind_broken_off)
    return {RejoinKind::clone, "an earlier pg_rewind was broken off, and left data that is good for nothing"};
  // A recovery in single-user mode would make a primary of it, on the timeline of the present one.
  if (local.control_state == "in archive recovery" && !local.standby_signal)
    return {RejoinKind::clone,
            "this data is a standby's, or a rewound one's, that was not shut down and has no standby.signal"};
  if (const auto why = no_common_past(local, primary)) return {RejoinKind::clone, *why};
  const bool same = local.timeline == primary.timeline;
  const bool nothing_more =
      same || (local.after_fork && local.after_fork->records == 0 && local.after_fork->cut_short.empty());
  if (nothing_more)
    return {RejoinKind::start_as_standby, "this node has written nothing that " + primary.name + " does not have"};
  if (!local.checksums && !local.wal_log_hints)
    return {RejoinKind::clone, "pg_rewind needs data checksums or wal_log_hints = on, and this data has neither"};
  if (local.standby_signal && !ended_cleanly(local))
    return {RejoinKind::clone, "this node is a standby that crashed behind the fork, which pg_rewind does not take"};
  return {RejoinKind::rewind, primary.name + " left " + on(local.timeline) + " before this node had ended it"};
}

void find_obstacles(RejoinPlan& plan, const LocalData& local, const PrimaryData& primary, const Space& space,
                    const Wishes& wishes) {
  const auto add = [&](const std::string& text) { plan.obstacles.push_back(text); };
  if (local.server == Server::primary) add("PostgreSQL runs here as a primary: stop it first");
  if (local.server == Server::standby) add("PostgreSQL runs here as a standby of somebody else: stop it first");
  if (local.server == Server::unproved)
    add("it is not proved that PostgreSQL does not run here: " + local.server_detail);
  if (!primary.certified)
    add("no majority follows " + primary.name +
        (primary.rivals.empty() ? "" : ", and " + primary.rivals + " claims to be primary too") +
        ": if you know that it is the right one, say --primary " + primary.name);
  if (!primary.registered)
    add("repmgr.nodes on " + primary.name +
        " does not have it as the active primary: `repmgr primary register --force` there");
  if (plan.checkpoint_first && plan.kind == RejoinKind::rewind && !primary.may_checkpoint)
    add(primary.name +
        " has not made a checkpoint since its promotion, and this role may not order one: type "
        "CHECKPOINT there");
  if (!space.cannot_start.empty()) add(space.cannot_start);

  const bool archives = plan.kind == RejoinKind::rewind && !wishes.without_archive;
  if (archives && space.archive_needed && space.archive_free && *space.archive_free < *space.archive_needed)
    add("no room for a copy of the diverged log: " + bytes_text(*space.archive_needed) + " needed, " +
        bytes_text(*space.archive_free) + " free in " + space.archive_folder +
        "; make room, or give it up with --without-archive");
  if (plan.kind == RejoinKind::clone) {
    if (!space.cannot_move.empty()) add(space.cannot_move);
    if (space.clone_needed && space.clone_free && *space.clone_free < *space.clone_needed)
      add("no room for a new copy beside the old one: " + bytes_text(*space.clone_needed) + " needed, " +
          bytes_text(*space.clone_free) + " free in " + space.clone_folder);
  }
  if (!wishes.automatic) return;
  if (plan.kind == RejoinKind::clone) add("a new copy is made by order only: picket rejoin");
  if (plan.kind != RejoinKind::rewind) return;
  if (!plan.bytes_lost || plan.at_least) {
    add("how much would be lost is not known: look, then picket rejoin");
  } else if (*plan.bytes_lost > wishes.max_lost) {
    add(bytes_text(*plan.bytes_lost) + " would be lost, and rejoin_max_lost is " + bytes_text(wishes.max_lost) +
        ": look, then picket rejoin");
  }
}

void put_losses(RejoinPlan& plan, const LocalData& local) {
  if (plan.kind == RejoinKind::start_as_standby) {
    plan.bytes_lost = plan.transactions_lost = 0;
  } else if (plan.fork && local.after_fork) {
    plan.bytes_lost = local.after_fork->bytes_from(*plan.fork);
    plan.transactions_lost = local.after_fork->commits;
    plan.at_least = !local.after_fork->cut_short.empty();
  } else {
    plan.lost_unknown = plan.fork ? local.after_fork_unknown : "where the two logs parted is not known";
  }
}

void put_steps(RejoinPlan& plan, const LocalData& local, const PrimaryData& primary, const Wishes& wishes) {
  const auto add = [&](const std::string& text) { plan.steps.push_back(text); };
  if (plan.kind == RejoinKind::none || plan.kind == RejoinKind::nothing_to_do) return;
  add("ask everybody again, and make sure that no process of PostgreSQL is left here");
  if (plan.kind == RejoinKind::clone) {
    add("rename the data directory aside; it is not deleted");
    add("repmgr standby clone from " + primary.name + ", start PostgreSQL, repmgr standby register --force");
  } else if (plan.crashed_only) {
    add("write standby.signal and start PostgreSQL, which replays what is left of its log and stays a standby");
    add("repmgr standby follow, to " + primary.name);
  } else if (local.standby_signal && !ended_cleanly(local)) {
    add("start PostgreSQL, which is a standby already");
  } else {
    if (plan.checkpoint_first) add("CHECKPOINT on " + primary.name + ", so that its control file shows its timeline");
    if (!wishes.without_archive && plan.kind == RejoinKind::rewind)
      add("copy the log from the fork on into diverged/ of the state directory");
    if (plan.recover_first) add("recover from the crash, with PostgreSQL in single-user mode");
    add("repmgr node rejoin --force-rewind, tried with --dry-run first");
  }
  add("wait until it streams from " + primary.name + "; picketd lifts the fence when that has lasted");
}

}  // namespace

std::string_view word(RejoinKind kind) {
  switch (kind) {
    case RejoinKind::none: break;
    case RejoinKind::nothing_to_do: return "nothing to do";
    case RejoinKind::start_as_standby: return "start as a standby";
    case RejoinKind::rewind: return "rewind";
    case RejoinKind::clone: return "clone";
  }
  return "not possible";
}

std::optional<Lsn> fork_of(const LocalData& local, const PrimaryData& primary) {
  return left_at(primary.history, local.timeline);
}

RejoinPlan plan_rejoin(const LocalData& local, const PrimaryData& primary, const Space& space, const Wishes& wishes) {
  RejoinPlan plan;
  const auto refuse = [&](const std::string& why) {
    plan.obstacles.push_back(why);
    return plan;
  };
  if (local.witness) return refuse("this node is the witness, which is nobody's standby");
  if (local.server == Server::streaming) {
    plan.kind = RejoinKind::nothing_to_do;
    plan.reason = "this node is a standby already, and streams from " + primary.name;
    return plan;
  }
  if (!local.known) return refuse("the data directory cannot be read: " + local.why_unknown);
  if (!primary.seen) return refuse(primary.why_not_seen);
  if (!primary.told) return refuse(primary.name + " does not tell what has to be known: " + primary.why_untold);
  if (primary.system_identifier != local.system_identifier)
    return refuse("the data here (system identifier " + std::to_string(local.system_identifier) +
                  ") is not of the cluster of " + primary.name + " (" + std::to_string(primary.system_identifier) +
                  "); nothing here is touched");
  if (local.timeline == 0) return refuse("the timeline of this node is not known");
  if (!primary.history.error.empty()) return refuse("on " + primary.name + ": " + primary.history.error);

  const Choice choice = choose(local, primary, wishes);
  plan.kind = choice.kind;
  plan.reason = choice.reason;
  if (local.timeline < primary.timeline) plan.fork = fork_of(local, primary);
  plan.checkpoint_first = primary.control_timeline != primary.timeline;
  const bool crashed = !ended_cleanly(local) && !was_standby(local);
  plan.recover_first = crashed && !local.standby_signal && plan.kind == RejoinKind::rewind;
  // Single-user mode would end its log with a record of its own, behind the fork, and so make a pg_rewind necessary.
  plan.crashed_only = crashed && plan.kind == RejoinKind::start_as_standby;
  put_losses(plan, local);
  find_obstacles(plan, local, primary, space, wishes);
  put_steps(plan, local, primary, wishes);
  return plan;
}

}  // namespace picket
