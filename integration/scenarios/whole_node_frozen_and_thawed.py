"""Client gate: the primary's machine freezes for longer than a fail-over takes, and thaws with its sessions open: not one more write is acknowledged."""

from lab import ladder
from lab.settings import short

LEVEL = "gate"
# Sessions through the address, past it, and on the node itself: all were open before, and wait through the freeze.
BOUNDS = ladder.BOUNDS | {"promoted_meanwhile": ("==", True), "dual_ack_direct_s": ("==", 0), "acks_behind": ("==", 0),
                          "acks_after_thaw": ("==", 0), "marker_written": ("==", True), "vip_follows_primary": ("==", True)}
FROZEN = 38


def run(lab):
    old = lab.primary
    lab.client_beside(old, patience=120)
    lab.workload.writer("H1", old.ip, lab.workload.client_port, "--direct", "--patience", 120, rate=20)
    lab.hold(2)
    lab.fault(f"{old} freezes", old.freeze, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.note("promoted_meanwhile", lab.facts.get("written_by") not in (None, old.name))
    lab.hold_until(lab.fault_at + (20 if short() else FROZEN), "frozen")
    with ladder.watched(lab, old) as fence:
        thawed = lab.thaw(old)
        fence.await_proof(20, since=thawed)
    lab.hold(5)
    lab.note("acks_after_thaw", len([op for op in lab.workload.ops() if op.acked and op.server == old.ip and op.answered > thawed]))
    lab.note("acks_behind", len(lab.acks_behind(old)))
    lab.note("marker_written", old.name in lab.fenced())
