"""Fills the files of configs/: @NAME@ stands for a value, because $ and {} mean something in most of those files."""

import re
from pathlib import Path

from .settings import ADDRESS, MACHINES, NODES, SUBNET, node_id, postgres_unit, postgres_version

CONFIGS = Path(__file__).parent / "configs"


def fill(name: str, node: str = "", **more) -> str:
    """A template's text for one node; a name without a value is a mistake in the template, and says so."""
    values = {"ADDRESS": ADDRESS, "SUBNET": SUBNET, "PG": postgres_version(), "UNIT": postgres_unit(), "NODE": node}
    values |= {f"IP{node_id(n)}": ip for n, ip in MACHINES.items() if n in NODES}
    if node:
        values |= {"ID": node_id(node), "IP": MACHINES[node]}
    values |= more
    return re.sub(r"@([A-Z0-9]+)@", lambda found: str(values[found[1]]), (CONFIGS / name).read_text())
