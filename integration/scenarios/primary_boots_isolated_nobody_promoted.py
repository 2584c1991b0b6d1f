"""The primary's host boots cut off, and repmgrd was paused, so nobody took over: after the heal it starts without hands."""

BOUNDS = {"started_while_cut": ("==", False), "start_refused": ("==", True), "primary_moved": ("==", False), "timeline_moved": ("==", False),
          "dual_ack_direct_s": ("==", 0), "lost_acked": ("==", 0), "back_after_heal_s": ("<=", 15), "vip_follows_primary": ("==", True)}


def run(lab):
    old = lab.primary
    timeline = lab.cluster.primaries()[0][0]
    for node in lab.cluster.nodes:
        node.systemctl("stop", "repmgrd.service")
    lab.fault(f"the host of {old} loses power", old.lose_power)
    lab.hold(2)
    lab.power_returns(old, cut=True)
    lab.await_refusal(old, 60)
    lab.hold(5, "cut off, and its agent could start it")
    lab.note("started_while_cut", bool(old.postmaster()))
    healed = lab.heal(old)
    lab.await_ack_since("back_after_heal_s", healed, 40)
    lab.hold(3)
    lab.note("primary_moved", lab.primary is not old)
    lab.note("timeline_moved", lab.cluster.primaries()[0][0] != timeline)
