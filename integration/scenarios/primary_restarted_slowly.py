"""Level lease: the primary's PostgreSQL is restarted by hand, and its start takes longer than the lease lasts: nobody is fenced, it goes on."""

import time

LEVEL = "lease"
BOUNDS = {"back_after_restart_s": ("<", 8), "primary_moved": ("==", False), "fenced_nodes": ("==", 0), "lost_acked": ("==", 0),
          "vip_follows_primary": ("==", True), "dual_ack_direct_s": ("==", 0)}


def run(lab):
    primary = lab.primary
    for node in lab.cluster.nodes:
        node.systemctl("stop", "repmgrd.service")  # a restart longer than its patience would be a fail-over
    primary.slow_down_starts(4)
    began = time.monotonic()
    lab.fault(f"PostgreSQL restarts on {primary}, in more than four seconds", lambda: primary.restart_postgres())
    lab.note("restart_primary_s", time.monotonic() - began)
    lab.await_ack_since("back_after_restart_s", began, 30)
    lab.hold(5)
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("fenced_nodes", len(lab.fenced()))
