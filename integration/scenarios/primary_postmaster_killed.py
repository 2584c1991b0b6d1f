"""kill -9 of the primary's postmaster alone: its backends live on for a while, its host is fine."""

BOUNDS = {"write_gap_s": ("<=", 4), "vip_follows_primary": ("==", True)}
CONTROL = {"write_gap_s": (">", 4)}


def run(lab):
    old = lab.primary
    lab.fault(f"kill -9 of the postmaster on {old}", old.kill_postmaster, justifies_fence_of=old)
    lab.await_writes(40)
    lab.hold(5)
