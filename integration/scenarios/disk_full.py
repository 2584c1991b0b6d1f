"""The primary is fenced while its data directory and picket's own folder are on a disk without a free block: the marker goes to /run."""

from lab import disks, ladder

BOUNDS = ladder.BOUNDS | {"full": ("==", True), "still_full": ("==", True), "marker_in_run": ("==", True), "marker_survives_agent": ("==", True),
                          "vip_follows_primary": ("==", True)}
NO_SPACE = ["No space left on device"] * 2


def run(lab):
    old = lab.primary
    disk = disks.move_to_own(lab, old)
    disk.fill()
    lab.note("full", disk.refusals() == NO_SPACE)
    lab.hold(2, f"{old} with a full disk")
    with ladder.watched(lab, old) as fence:
        lab.fault(f"picket fence on {old}", fence.order, justifies_fence_of=old)
        fence.await_proof(20)
    lab.note("still_full", disk.refusals() == NO_SPACE)
    disks.note_marker_in_run(lab, old)
    lab.await_writes(40, by_another_than=old)
    lab.hold(3)
