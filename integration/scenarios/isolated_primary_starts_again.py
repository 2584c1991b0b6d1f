"""The primary is cut off and stopped for it, and nobody is promoted: after the heal the agent starts it, through the start gate."""

BOUNDS = {"stopped_while_cut": ("==", True), "back_after_heal_s": ("<=", 15), "primary_moved": ("==", False), "timeline_moved": ("==", False),
          "fenced_nodes": ("==", 0), "dual_ack_direct_s": ("==", 0), "lost_acked": ("==", 0), "vip_follows_primary": ("==", True)}


def run(lab):
    primary = lab.primary
    timeline = lab.cluster.primaries()[0][0]
    for node in lab.cluster.nodes:
        node.systemctl("stop", "repmgrd.service")
    lab.fault(f"{primary} is cut off, its carrier stays", primary.cut_off, justifies_fence_of=primary)
    lab.hold(12, "longer than the bound of isolation")
    lab.note("stopped_while_cut", not primary.postmaster() and primary.name in lab.fenced())
    healed = lab.heal(primary)
    lab.await_ack_since("back_after_heal_s", healed, 40)
    lab.hold(3)
    lab.note("gate_said", lab.gate_lines(primary, "B3").splitlines()[-1:])
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("timeline_moved", lab.cluster.primaries()[0][0] != timeline)
    lab.note("fenced_nodes", len(lab.fenced()))
