"""Level lease: the primary is cut off in silence with clients on both sides that hold their sessions: never two who acknowledge."""

from lab.settings import short

LEVEL = "lease"
BOUNDS = {"dual_ack_direct_s": ("==", 0), "last_ack_isolated_s": ("<=", 3.5), "writes_back_s": ("<=", 11), "acks_after_heal": ("==", 0),
          "stopped_at_heal": ("==", False), "vip_follows_primary": ("==", True)}
# The kernel closes two thirds of a lease after the last heartbeat that a majority acknowledged.
AT_GATE = BOUNDS | {"last_ack_isolated_s": ("<=", 2.5)}
CUT = 40


def run(lab):
    old = lab.primary
    client = lab.client_beside(old)
    lab.fault(f"{old} is cut off, its carrier stays", old.cut_off, justifies_fence_of=old)
    lab.await_writes(40, by_another_than=old)
    lab.hold_until(lab.fault_at + (20 if short() else CUT), "the two sides live apart")
    lab.note("last_ack_isolated_s", lab.last_ack(client))
    lab.note_heal(old, lab.heal)
