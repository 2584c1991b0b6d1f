"""kill -9 of picketd on the primary: the agent's death must cost nobody a write, and nobody may be fenced for it."""

BOUNDS = {"write_gap_s": ("<", 1.5), "fenced_nodes": ("==", 0), "primary_moved": ("==", False)}


def run(lab):
    primary = lab.primary
    lab.fault(f"kill -9 of picketd on {primary}", primary.kill_agent)
    lab.hold(15)
    lab.note("primary_moved", lab.primary is not primary)
    lab.note("fenced_nodes", len(lab.fenced()))
    lab.note("agent_is_back", bool(primary.pids_called("picketd")))
