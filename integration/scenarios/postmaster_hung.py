"""SIGSTOP of the primary's postmaster: open sessions write on, new ones hang. It is fenced by a deadline: systemd's own stop takes a minute or more."""

from lab import ladder

# The bound of a hang (4 s), found by a probe every 2 s that waits for 1 s. At level guard repmgrd elects by its own clock: dual_ack_direct_s is reported.
BOUNDS = ladder.BOUNDS | {"decided_by": ("==", "R7"), "decided_after_s": ("<=", 9), "marker_written": ("==", True), "vip_follows_primary": ("==", True)}
# And nobody is promoted before it is dead: nothing that was acknowledged since is lost.
AT_LEASE = {"decided_by": ("==", "R7"), "writes_back_s": ("<=", 11), "dual_ack_direct_s": ("==", 0), "lost_acked": ("==", 0),
            "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    with ladder.watched(lab, old) as fence:
        lab.fault(f"SIGSTOP of the postmaster on {old}", old.hang_postmaster, justifies_fence_of=old)
        fence.await_proof(40)
    lab.await_writes(40, by_another_than=old)
    acks = [op.answered for op in lab.acks_of(old, since=lab.fault_at)]
    lab.note("last_ack_of_old_s", max(acks, default=lab.fault_at) - lab.fault_at)
    lab.note("marker_written", old.name in lab.fenced())
    lab.hold(3)
