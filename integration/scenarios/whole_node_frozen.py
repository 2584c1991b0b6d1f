"""The primary's machine freezes, as for a live migration, long enough for a fail-over, and thaws with its sessions open: it must be gone at once."""

from lab import ladder
from lab.settings import short

# A client whose session outlived the freeze may be answered until the agent has had a turn: no fence from within can prevent that at level
# guard. The bound is how long it lasts; the number of such answers is reported.
BOUNDS = ladder.BOUNDS | {"promoted_meanwhile": ("==", True), "dead_after_thaw_s": ("<=", 5), "last_ack_after_thaw_s": ("<=", 5),
                          "marker_written": ("==", True), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    client = lab.client_beside(old, patience=120)  # it waits through the freeze, its session stays
    lab.fault(f"{old} freezes", old.freeze, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.note("promoted_meanwhile", lab.facts.get("written_by") not in (None, old.name))
    lab.hold_until(lab.fault_at + (20 if short() else 38), "frozen")
    with ladder.watched(lab, old) as fence:
        thawed = lab.thaw(old)
        fence.await_proof(20, since=thawed)
    gone = fence.watch.all_gone_at(thawed)
    lab.note("dead_after_thaw_s", gone - thawed if gone else None)
    acks = [op.answered for op in lab.workload.ops() if op.acked and op.server == old.ip and op.answered > thawed]
    lab.note("acks_after_thaw", len(acks))
    lab.note("acks_of_held_session", len([op for op in lab.workload.ops(client) if op.acked and op.answered > thawed]))
    lab.note("last_ack_after_thaw_s", max(acks, default=thawed) - thawed)
    lab.note("marker_written", old.name in lab.fenced())
    lab.hold(3)
