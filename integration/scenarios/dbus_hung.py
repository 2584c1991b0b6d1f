"""The primary's postmaster hangs and D-Bus takes calls and answers none: the fence must kill with its own hands."""

import time

from lab import ladder

BOUNDS = ladder.BOUNDS | {"bus_answers": ("==", False), "withdrawn_without_bus": ("==", 0), "marker_written": ("==", True),
                          "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    began = time.monotonic()
    ladder.hang_bus(old)
    lab.note("bus_answers", ladder.bus_answers(old))
    lab.hold(2, f"{old} serves, and D-Bus is silent")
    lab.note("withdrawn_without_bus", lab.withdrawn(old, since=began))
    with ladder.watched(lab, old) as fence:
        old.hang_postmaster()
        lab.fault(f"picket fence on {old}, whose postmaster hangs", fence.order, justifies_fence_of=old)
        fence.await_proof(20)
    lab.await_writes(30, by_another_than=old)
    lab.note("marker_written", old.name in lab.fenced())
    lab.hold(3)
