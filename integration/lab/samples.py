"""The sample configurations that picket installs, made this lab's own as an administrator would: his addresses, nothing else."""

import re

from .settings import ADDRESS, MACHINES, NODES, POSTGRES_PORT, node_id

SAMPLE_ADDRESS = "10.0.0.5/24"


def haproxy(sample: str, client_port: int) -> str:
    """Writes go to the client port: what a client gate asks for (docs/operating.md)."""
    if client_port != POSTGRES_PORT:
        sample = replaced(sample, f":{POSTGRES_PORT} on-marked-down", f":{client_port} on-marked-down")
    for node in NODES:
        sample = replaced(sample, f"10.0.0.{10 + node_id(node)}", MACHINES[node])
    return sample


def keepalived(sample: str, node: str) -> str:
    """Without the tracked process, which does not work in a network namespace: the sample says so itself."""
    sample = replaced(replaced(sample, "router_id pg1", f"router_id {node}"), SAMPLE_ADDRESS, f"{ADDRESS}/24")
    for block in (r"^vrrp_track_process picketd \{.*?^\}\n", r"^    track_process \{.*?^    \}\n"):
        sample, found = re.subn(block, "", sample, flags=re.S | re.M)
        if found != 1:
            raise ValueError(f"the sample keepalived.conf has {found} blocks like {block}")
    return sample


def replaced(text: str, old: str, new: str) -> str:
    """A sample that no longer holds what is replaced would run with somebody else's addresses."""
    if old not in text:
        raise ValueError(f"the sample does not hold {old}")
    return text.replace(old, new)
