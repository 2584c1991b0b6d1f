"""The primary is fenced while polkit is masked: systemd answers, and refuses user postgres everything."""

from lab import ladder

BOUNDS = ladder.BOUNDS | {"allowed_before": ("==", True), "allowed_without": ("==", False), "marker_written": ("==", True),
                          "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    lab.note("allowed_before", ladder.may_order(old))
    old.systemctl("mask", "--runtime", "--now", "polkit.service")
    lab.note("allowed_without", ladder.may_order(old))
    with ladder.watched(lab, old) as fence:
        lab.fault(f"picket fence on {old}", fence.order, justifies_fence_of=old)
        fence.await_proof(20)
    lab.await_writes(30, by_another_than=old)
    lab.note("marker_written", old.name in lab.fenced())
    lab.hold(3)
