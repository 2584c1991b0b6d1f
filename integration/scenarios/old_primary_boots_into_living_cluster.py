"""The old primary's host boots again after a fail-over, PostgreSQL enabled and the start gate installed: it never lets anybody in."""

BOUNDS = {"lost_acked": ("==", 0), "acks_after_boot": ("==", 0), "dual_ack_direct_s": ("==", 0),
          "returned_accepted_connections": ("==", False), "start_refused": ("==", True), "starts_by_hand": ("==", False), "says_who_is_primary": ("==", True),
          "vip_follows_primary": ("==", True), "rejoined": ("==", True), "marker_cleared": ("==", True)}


def run(lab):
    old = lab.primary
    lab.fault(f"the host of {old} loses power", old.lose_power, justifies_fence_of=old)
    lab.await_writes(45, by_another_than=old)
    lab.hold(3, "the new primary alone")

    back = lab.power_returns(old)
    lab.watch_return(old, timeout=25)
    lab.await_refusal(old, 20)
    lab.await_marker(old, 10)
    lab.note("says_who_is_primary", f"{lab.primary} is primary" in lab.gate_lines(old, "B4"))
    lab.note("acks_after_boot", len(lab.acks_of(old, since=back)))
    # Whoever typed it: the answer is the same.
    lab.note("starts_by_hand", lab.starts(old))

    lab.rejoin(old)
    lab.await_unfenced(old, 40)
