"""What is kept of a scenario that failed: the clients' logs, and what the nodes wrote."""

import shutil
from pathlib import Path

from .settings import LAB, NODES
from .shell import CommandFailed, sh

KEPT_IN = Path("/var/tmp/picket-lab-evidence")


def collect(name: str) -> str:
    """Copies the logs out of the lab before it is cleared away; returns the folder. Earlier evidence of the name is replaced."""
    folder = KEPT_IN / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for log in [*LAB.glob("*.log"), *LAB.glob("*.err"), *LAB.glob("*.console")]:
        shutil.copy(log, folder)
    for node in NODES:
        root = LAB / node / "root"
        for log in root.glob("var/log/postgresql/*.log"):
            shutil.copy(log, folder / f"{node}.{log.name}")
        for state in root.glob("var/lib/picket/*.json"):
            shutil.copy(state, folder / f"{node}.{state.name}")
        try:
            (folder / f"{node}.journal").write_text(sh("journalctl", "-D", root / "var/log/journal", "-o", "short-monotonic", "--no-pager"))
        except CommandFailed:
            pass  # a node that never booted has none
    return str(folder)
