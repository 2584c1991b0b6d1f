"""The old primary's host boots cut off from the others: it does not start, and after the heal it is refused as stale."""

BOUNDS = {"started_while_cut": ("==", False), "start_refused": ("==", True), "returned_accepted_connections": ("==", False),
          "dual_ack_direct_s": ("==", 0), "lost_acked": ("==", 0), "says_who_is_primary": ("==", True), "starts_by_hand": ("==", False), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    lab.fault(f"the host of {old} loses power", old.lose_power, justifies_fence_of=old)
    lab.await_writes(45, by_another_than=old)

    lab.power_returns(old, cut=True)
    lab.await_refusal(old, 60)
    lab.hold(5, "cut off, and its agent could start it")
    lab.note("started_while_cut", bool(old.postmaster()))
    lab.heal(old)
    lab.watch_return(old, timeout=10)
    lab.await_marker(old, 10)
    said = str(lab.facts["fence_reasons"])
    # Right after the heal its standby may be heard first.
    lab.note("says_who_is_primary", f"{lab.primary} is primary" in said or f"follows {lab.primary}" in said)
    lab.note("starts_by_hand", lab.starts(old))
