"""Control groups as the ledger of the lab's processes.

Every process the lab starts is put into a group of the lab's own before it runs. That gives each node's systemd a tree
it owns (without one, their unit kills fail), lets a node be frozen as a whole, and makes leftovers of a killed run
findable by id, so nothing ever has to be ended by name.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

TOP = "picket-lab"


def hierarchies() -> list[Path]:
    """Where systemd's groups are mounted: one place on a unified machine, two on a hybrid one."""
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        return [Path("/sys/fs/cgroup")]
    return [Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup/systemd")]


def group(name: str) -> Path:
    return hierarchies()[0] / TOP / name


def make_group(name: str) -> None:
    for hierarchy in hierarchies():
        (hierarchy / TOP / name).mkdir(parents=True, exist_ok=True)


def inside(name: str, command: list) -> list[str]:
    """The command, preceded by a shell that enters the group first: the child must never run outside of it."""
    enter = "".join(f"echo $$ > '{h / TOP / name}/cgroup.procs' && " for h in hierarchies())
    return ["/bin/sh", "-c", enter + 'exec "$@"', "sh", *map(str, command)]


def pids(folder: Path) -> list[int]:
    """Every process in a group and the groups below it, by the host's numbers."""
    found = []
    for group, _, _ in os.walk(folder):  # which passes over a group that goes away meanwhile
        with contextlib.suppress(OSError):
            found += [int(line) for line in Path(group, "cgroup.procs").read_text().split()]
    return sorted(set(found) - {0})


def comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def pid_inside(pid: int) -> int | None:
    """The number a process has in its own pid namespace."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return int(line.split()[-1])
    except OSError:
        pass
    return None


def kill(pid: int, sig: int = signal.SIGKILL) -> None:
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def freeze(name: str, frozen: bool) -> None:
    (group(name) / "cgroup.freeze").write_text("1" if frozen else "0")


def end_group(name: str = "", patience: float = 5.0) -> None:
    """Kills what is left in a group (all of the lab's by default) and removes it."""
    folder = group(name) if name else hierarchies()[0] / TOP
    for freezer in [folder / "cgroup.freeze", *folder.glob("*/cgroup.freeze")]:
        try:
            freezer.write_text("0")
        except OSError:
            pass
    deadline = time.monotonic() + patience
    while (left := pids(folder)) and time.monotonic() < deadline:
        for pid in left:
            kill(pid)
        time.sleep(0.02)
    for hierarchy in hierarchies():
        top = hierarchy / TOP / name if name else hierarchy / TOP
        for path in sorted((p for p in top.rglob("*") if p.is_dir()), reverse=True):
            _remove(path)
        _remove(top)


def _remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass
