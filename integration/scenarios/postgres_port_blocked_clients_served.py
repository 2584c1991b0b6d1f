"""Level lease: PostgreSQL's port is closed to the other nodes, while clients go on writing by way of the address: no standby has it all, nobody is stopped."""

from lab import network

LEVEL = "lease"
BOUNDS = {"write_gap_s": ("<", 0.5), "fenced_nodes": ("==", 0), "primary_moved": ("==", False), "timeline_moved": ("==", False), "alarm_told": ("==", True),
          "lost_acked": ("==", 0), "dual_ack_direct_s": ("==", 0), "vip_follows_primary": ("==", True)}
ALARM = "do not reach PostgreSQL here, while their agents hear this one; no standby that they reach is known to have every commit"


def run(lab):
    primary, timeline = lab.primary, lab.cluster.primaries()[0][0]
    lab.fault(f"port 5432 of {primary} is closed to everybody outside", lambda: network.drop(primary.name, "in iifname eth0 tcp dport 5432"))
    lab.hold(30, "the others tell the primary")
    lab.note("alarm_told", any(ALARM in alarm for a in lab.workload.answers() if a.node == primary.name and a.asked > lab.fault_at
                               for alarm in ((a.status or {}).get("verdict") or {}).get("alarms", [])))
    lab.heal_firewall(primary)
    for node in lab.cluster.nodes:
        if node is not primary:
            lab.await_streaming(node, 90)
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("timeline_moved", lab.cluster.primaries()[0][0] != timeline)
    lab.note("fenced_nodes", len(lab.fenced()))
