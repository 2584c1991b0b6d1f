"""Level lease: one standby loses the primary, the other sees both: nothing may happen."""

from lab import network

LEVEL = "lease"
BOUNDS = {"write_gap_s": ("<", 0.5), "fenced_nodes": ("==", 0), "primary_moved": ("==", False), "timeline_moved": ("==", False),
          "dual_ack_direct_s": ("==", 0)}


def run(lab):
    primary = lab.primary
    cut = next(node for node in lab.cluster.nodes if node is not primary)
    timeline = lab.cluster.primaries()[0][0]
    lab.fault(f"{cut} and {primary} do not reach each other",
              lambda: network.drop(cut.name, f"in ip saddr {primary.ip}", f"out ip daddr {primary.ip}"))
    lab.hold(30, "repmgrd there elects")
    network.pass_again(cut.name)
    lab.await_streaming(cut, 60)
    primaries = lab.cluster.primaries()
    lab.note("primary_moved", len(primaries) != 1 or primaries[0][1] is not primary)
    lab.note("timeline_moved", primaries[0][0] != timeline)
    lab.note("fenced_nodes", len(lab.fenced()))
