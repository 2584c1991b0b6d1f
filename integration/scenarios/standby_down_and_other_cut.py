"""Level lease: one standby is down, the other cannot reach the primary's PostgreSQL: its repmgrd wins "by default", and gets no lease."""

from lab import journal, network

LEVEL = "lease"
BOUNDS = {"write_gap_s": ("<", 0.5), "fenced_nodes": ("==", 0), "primary_moved": ("==", False), "timeline_moved": ("==", False),
          "promotion_asked": ("==", True), "dual_ack_direct_s": ("==", 0)}


def run(lab):
    primary = lab.primary
    cut, down = [node for node in lab.cluster.nodes if node is not primary]
    timeline = lab.cluster.primaries()[0][0]
    down.stop_postgres()
    # As its own repmgrd does when it loses its server; who is inactive is no sibling, and whoever has none wins.
    primary.sql(f"update repmgr.nodes set active = false where node_id = {down.id}", "repmgr")
    lab.hold(3, "the standby that is left hears of that")
    lab.fault(f"{cut} does not reach the PostgreSQL of {primary}, and {down} is down",
              lambda: network.drop(cut.name, f"in ip saddr {primary.ip} tcp sport 5432", f"out ip daddr {primary.ip} tcp dport 5432"))
    lab.hold(45, f"repmgrd on {cut} elects")
    lab.note("promotion_asked", journal.says(cut, "a promotion of this standby is asked for"))
    network.pass_again(cut.name)
    down.start_postgres()
    primaries = lab.cluster.primaries()
    lab.note("primary_moved", len(primaries) != 1 or primaries[0][1] is not primary)
    lab.note("timeline_moved", primaries[0][0] != timeline)
    lab.note("fenced_nodes", len(lab.fenced()))
