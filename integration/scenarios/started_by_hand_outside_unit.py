"""The old primary's host boots, and somebody starts PostgreSQL by hand, past systemd and the start gate: it is found and fenced all the same."""

from lab import ladder

BOUNDS = ladder.BOUNDS | {"unit_runs": ("==", False), "returned_accepted_connections": ("==", True), "decided_by": ("==", "R3"),
                          "proven_dead_after_s": ("<=", 3), "marker_written": ("==", True), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    old.without_autostart()
    lab.fault(f"the host of {old} loses power", old.lose_power, justifies_fence_of=old)
    lab.await_writes(45, by_another_than=old)
    lab.power_returns(old)
    old.await_boot()
    with ladder.watched(lab, old) as fence:
        lab.knock_on(old)
        began = lab.start_by_hand(old)
        fence.await_proof(20, since=began)
        accepted = lab.accepted_at(old)
        gone = fence.watch.all_gone_at(fence.proved_at or began)
    lab.note("returned_accepted_connections", accepted is not None)
    lab.note("returned_acks", len(lab.acks_of(old, since=began)))
    lab.note("proven_dead_after_s", gone - accepted if gone and accepted else None)
    lab.note("marker_written", old.name in lab.fenced())
    lab.hold(3)
