"""Level lease: kill -9 of the primary's postmaster five times over, crashes are left to repmgrd: how long until the next one takes writes."""

import statistics

LEVEL = "lease"
# The lease is given back after proof of death, and the voters are free at once.
BOUNDS = {"median_back_s": ("<=", 2.5), "rounds": ("==", 5), "dual_ack_direct_s": ("==", 0), "vip_follows_primary": ("==", True)}


def run(lab):
    for node in lab.cluster.nodes:
        node.configure("guard", 'on_crash = "release"')
    lab.hold(3, "the agents are back")
    back = []
    for _ in range(5):
        old = lab.primary
        lab.fault(f"kill -9 of the postmaster on {old}", old.kill_postmaster, justifies_fence_of=old)
        if not lab.await_writes(40, by_another_than=old):
            break
        back.append(lab.facts["writes_back_s"])
        lab.hold(3, "it settles")
        lab.rejoin(old)
        lab.hold(10, "the marker clears")
    lab.note("rounds", len(back))
    lab.note("all_back_s", back)
    lab.note("median_back_s", statistics.median(back) if back else None)
