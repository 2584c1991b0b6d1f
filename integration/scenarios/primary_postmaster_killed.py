"""kill -9 of the primary's postmaster alone, and its agent leaves crashes to repmgrd: backends live on for a while, its host is fine."""

BOUNDS = {"write_gap_s": ("<=", 4), "vip_follows_primary": ("==", True)}
# The lease is given back after proof of death, and the voters are free at once.
AT_LEASE = {"writes_back_s": ("<=", 2.5), "dual_ack_direct_s": ("==", 0), "vip_follows_primary": ("==", True)}
CONTROL = {"write_gap_s": (">", 4)}


def run(lab):
    old = lab.primary
    if not lab.control:
        for node in lab.cluster.nodes:
            node.configure("guard", 'on_crash = "release"')
        lab.hold(3, "the agents are back")
    lab.fault(f"kill -9 of the postmaster on {old}", old.kill_postmaster, justifies_fence_of=old)
    lab.await_writes(40)
    lab.hold(5)
