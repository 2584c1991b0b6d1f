"""Everyday work with the start gate installed: a restart of the primary, a start of a standby, a clone. Nothing is in the way."""

import time

BOUNDS = {"gate_primary_s": ("<", 1), "gate_standby_s": ("<", 0.3), "primary_moved": ("==", False), "cloned_standby_streams": ("==", True),
          "vip_follows_primary": ("==", True), "fenced_nodes": ("==", 0)}


def run(lab):
    primary = lab.primary
    standby = next(node for node in lab.cluster.nodes if node is not primary)
    for node in lab.cluster.nodes:
        node.systemctl("stop", "repmgrd.service")  # a restart longer than its patience would be a fail-over
    lab.note("gate_primary_s", lab.gate_takes(primary))
    lab.note("gate_standby_s", lab.gate_takes(standby))
    began = time.monotonic()
    lab.fault(f"PostgreSQL restarts on {primary}", lambda: primary.restart_postgres())
    lab.note("restart_primary_s", time.monotonic() - began)
    lab.await_ack_since("back_after_restart_s", began, 30)
    standby.stop_postgres()
    began = time.monotonic()
    standby.start_postgres()
    lab.note("start_standby_s", time.monotonic() - began)
    lab.await_streaming(standby)
    lab.clone_again(standby, primary)
    lab.await_streaming(standby)
    lab.note("cloned_standby_streams", True)
    lab.hold(3)
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("fenced_nodes", len(lab.fenced()))
