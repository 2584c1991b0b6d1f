"""The primary is fenced while the file system of its data and of picket's folder has become read-only after an error: the marker goes to /run."""

from lab import disks, ladder

BOUNDS = ladder.BOUNDS | {"read_only": ("==", True), "lives": ("==", True), "marker_in_run": ("==", True), "marker_survives_agent": ("==", True),
                          "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    disk = disks.move_to_own(lab, old)
    # The next write to the log will end the server by itself, and there is nothing to fence then.
    disks.pause_writers(lab, old)
    disk.fail()
    lab.note("read_only", disk.refusals() == ["Read-only file system"] * 2)
    lab.note("lives", bool(old.postmaster()))
    with ladder.watched(lab, old) as fence:
        lab.fault(f"picket fence on {old}", fence.order, justifies_fence_of=old)
        fence.await_proof(20)
    disks.note_marker_in_run(lab, old)
    lab.workload.resume()
    lab.await_writes(40, by_another_than=old)
    lab.hold(3)
