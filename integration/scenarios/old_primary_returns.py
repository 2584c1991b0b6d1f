"""The old primary's host boots again after a fail-over, with everything enabled but the start gate: the incident picket exists for."""

BOUNDS = {"lost_acked": ("==", 0), "proven_dead_after_s": ("<=", 3), "reasons_given": (">=", 1), "vip_follows_primary": ("==", True)}
# The guide's stack keeps both primaries and sends clients to either: the checker must say so.
CONTROL = {"dual_ack_s": (">", 10), "lost_acked": (">", 0)}


def run(lab):
    old = lab.primary
    if not lab.control:
        old.without_start_gate()  # so that it does start, and the fence at run time has to find it
    lab.fault(f"the host of {old} loses power", old.lose_power, justifies_fence_of=old)
    lab.await_writes(45, by_another_than=old)
    lab.hold(3, "the new primary alone")

    old.come_back()
    lab.watch_return(old, timeout=30 if lab.control else 40)
    if not lab.control:
        lab.await_marker(old, 10)
        lab.note("reasons_given", len(lab.facts["fence_reasons"]))
    lab.hold(5, "whatever the old primary still does")
