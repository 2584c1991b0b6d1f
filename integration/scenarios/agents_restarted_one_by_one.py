"""Level lease: every agent is restarted, one after the other, as by a package upgrade: nobody notices, and nobody is fenced."""

LEVEL = "lease"
BOUNDS = {"write_gap_s": ("<", 1.5), "fenced_nodes": ("==", 0), "primary_moved": ("==", False), "dual_ack_direct_s": ("==", 0)}


def run(lab):
    primary = lab.primary
    for node in lab.cluster.nodes:
        lab.fault(f"the agent of {node} is restarted", lambda: node.systemctl("restart", "picket.service"))
        lab.hold(8)
    lab.fault(f"kill -9 of picketd on {primary}", primary.kill_agent)
    lab.hold(10)
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("fenced_nodes", len(lab.fenced()))
