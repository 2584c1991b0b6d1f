"""The primary's host loses power: no packet says goodbye, every peer has to find out by silence."""

BOUNDS = {"writes_back_s": ("<=", 14), "vip_follows_primary": ("==", True)}
AT_LEASE = {"writes_back_s": ("<=", 11), "dual_ack_direct_s": ("==", 0), "vip_follows_primary": ("==", True)}
CONTROL = {"writes_back_s": (">", 14)}


def run(lab):
    old = lab.primary
    lab.fault(f"the host of {old} loses power", old.lose_power, justifies_fence_of=old)
    lab.await_writes(45, by_another_than=old)
    lab.hold(5)
