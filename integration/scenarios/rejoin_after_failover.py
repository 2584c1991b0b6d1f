"""A cut-off primary that wrote on loses power, and boots again after the fail-over with rejoin = "auto": three healthy nodes, without hands."""

from lab import wayback

BOUNDS = {"lost_acked": ("==", 0), "dual_ack_direct_s": ("==", 0), "returned_acks": ("==", 0), "three_healthy_after_s": ("<=", 60),
          "marker_outlived_streaming_s": (">=", 9), "marker_cleared": ("==", True), "rejoin_state": ("==", "done"), "diverged_kept": ("==", True),
          "digests_equal": ("==", True), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    wayback.by_itself(lab)
    lab.fault(f"{old} is cut off, takes writes from a client beside it, and loses power", lambda: wayback.cut_writes_and_dies(lab, old),
              justifies_fence_of=old)
    lab.await_writes(45, by_another_than=old)
    lab.hold(3, "the new primary alone")

    back = lab.power_returns(old)
    wayback.await_health(lab, old, back, timeout=120)
    wayback.record(lab, old)
    lab.note("returned_acks", len(lab.acks_of(old, since=back)))
    wayback.compare(lab)
