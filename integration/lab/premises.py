"""The ground the lab stands on: its lock, its tmpfs, and the removal of everything a run leaves behind.

Cleaning is the same at the start (for a run that was killed) and at the end, and relies on nothing a run remembers:
processes are found by control group, mounts by folder, namespaces by prefix.
"""

import fcntl
import os
from pathlib import Path

from . import network, processes
from .settings import LAB, LOCK
from .shell import say, sh, wait_until

PATIENCE = 3000    # about as long as all scenarios take
_lock = None


def occupy() -> None:
    """Takes the lock for the life of this process, and clears what an earlier run may have left."""
    global _lock
    if os.geteuid() != 0:
        raise SystemExit("the lab needs root: it mounts, boots containers and makes network namespaces")
    _lock = open(LOCK, "w")
    if not _locked():
        say(f"another lab is running on this machine: waiting for up to {PATIENCE} s")
        wait_until(_locked, PATIENCE, "the other lab to end", every=1)
    clear()


def _locked() -> bool:
    try:
        fcntl.flock(_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_floor() -> None:
    """An empty lab: its tmpfs (the overlays' upper folders must not be on the host's own file system) and its network."""
    LAB.mkdir(mode=0o755, exist_ok=True)
    sh("mount", "-t", "tmpfs", "-o", "size=75%,mode=755", "picket-lab", LAB)
    sh("mount", "--make-private", LAB)
    processes.make_group("client")
    network.build()


def clear() -> None:
    processes.end_group()
    for mount in reversed(mounts()):
        sh("umount", "-l", mount, check=False)
    network.remove_all()
    wait_until(lambda: not mounts(), 5, "the lab's mounts to go")
    if LAB.is_dir():
        LAB.rmdir()


def mounts() -> list[str]:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point == str(LAB) or point.startswith(f"{LAB}/")]
