"""Level lease: the primary's PostgreSQL is restarted by hand, and its start takes longer than the lease lasts: nobody is fenced, it goes on."""

LEVEL = "lease"
BOUNDS = {"write_gap_s": ("<", 8), "primary_moved": ("==", False), "fenced_nodes": ("==", 0), "lost_acked": ("==", 0),
          "vip_follows_primary": ("==", True), "dual_ack_direct_s": ("==", 0)}


def run(lab):
    primary = lab.primary
    for node in lab.cluster.nodes:
        node.systemctl("stop", "repmgrd.service")  # a restart longer than its patience would be a fail-over
    primary.slow_down_starts(4)
    lab.fault(f"PostgreSQL restarts on {primary}, in more than four seconds", lambda: primary.restart_postgres())
    lab.hold(10)
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("fenced_nodes", len(lab.fenced()))
