"""A standby's host loses power: one of three is gone, a majority is left, and nothing may happen to the primary."""

BOUNDS = {"write_gap_s": ("<", 1.5), "fenced_nodes": ("==", 0), "primary_moved": ("==", False), "vip_follows_primary": ("==", True)}


def run(lab):
    primary, lost = lab.primary, lab["pg3"]
    lab.fault(f"the host of {lost} loses power", lost.lose_power)
    lab.hold(20, "one standby less")
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("fenced_nodes", len(lab.fenced()))
