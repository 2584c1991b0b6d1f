"""A small disk of its own under a node's data directory and picket's state, so that it can be full or sick without the others'.

It is a real ext4 on a loop device, mounted with errors=remount-ro as Debian's installer does. The image lies in the lab's tmpfs; the
device goes with its mount, which goes with the node.
"""

import time
from pathlib import Path

from . import journal
from .settings import LAB, data_directory
from .shell import CommandFailed, sh, wait_until

AT, STATE = "/var/lib/small-disk", "/var/lib/picket"
SIZE = "300M"
BUSY = "select count(*) from pg_stat_activity where usename = 'app' and state = 'active'"


class Disk:
    def __init__(self, node):
        """Moves both folders onto it. The node's PostgreSQL and picket must not run."""
        self.node, image = node, LAB / f"{node.name}.disk"
        sh("truncate", "-s", SIZE, image)
        sh("mkfs.ext4", "-q", "-m", "0", image)   # -m 0: root may fill all of it
        self.device = Path(sh("losetup", "-f", "--show", image).strip())
        try:
            node.run("mknod", "-m", "600", self.device, "b", "7", self.device.name.removeprefix("loop"))
            node.run("mkdir", "-p", AT)
            node.run("mount", "-o", "errors=remount-ro", self.device, AT)
        finally:
            sh("losetup", "-d", self.device)      # takes effect with the last umount
        for folder in (data_directory(), STATE):
            node.run("cp", "-a", folder, f"{AT}/{Path(folder).name}")
            node.run("mount", "--bind", f"{AT}/{Path(folder).name}", folder)

    def fill(self) -> None:
        """As root, to the last block."""
        self.node.run("dd", "if=/dev/zero", f"of={AT}/filler", "bs=1M", check=False)
        self.node.run("sh", "-c", f"while echo filler >> {AT}/filler.2; do :; done 2>/dev/null", check=False)

    def fail(self) -> None:
        """What the kernel does at an error that it cannot mend: the file system becomes read-only, whoever writes to it."""
        Path(f"/sys/fs/ext4/{self.device.name}/trigger_fs_error").write_text("the lab's\n")

    def refusals(self) -> list[str]:
        """Why the agent's user cannot write a page into either folder; an empty text where he can."""
        return [self._refusal(folder) for folder in (data_directory(), STATE)]

    def _refusal(self, folder: str) -> str:
        try:
            self.node.as_postgres("dd", "if=/dev/zero", f"of={folder}/attempt", "bs=8192", "count=1", "conv=fsync")
        except CommandFailed as refused:
            return str(refused).rsplit(": ", 1)[-1].split("\n")[0]
        return ""


# -- in a story ----------------------------------------------------------------------------------------------------------

def move_to_own(lab, node) -> Disk:
    """Moves the node's data and picket's state onto a small disk; repmgrd, which would promote meanwhile, runs again in the end."""
    for each in lab.cluster.nodes:
        each.systemctl("stop", "repmgrd.service")
    node.systemctl("stop", "picket.service")
    node.stop_postgres()
    disk = Disk(node)
    node.start_postgres()
    node.start("picket.service")
    lab.await_ack_since("back_on_own_disk_s", time.monotonic(), 30)
    for standby in lab.cluster.nodes:
        if standby is not node:
            lab.await_streaming(standby)
    for each in lab.cluster.nodes:
        each.start("repmgrd.service")
    lab.hold(4, "repmgrd finds out who is primary")
    return disk


def note_marker_in_run(lab, node) -> None:
    """Whether the marker went to the run-time directory for want of a disk, and whether it fences an agent that starts anew."""
    lab.note("marker_in_run", any("the marker is in /run/picket/fence.json only" in line for line in journal.lines(node)))
    node.systemctl("restart", "picket.service")
    lab.note("marker_survives_agent", "FENCED" in node.run("picket", "status", check=False))


def pause_writers(lab, primary) -> None:
    lab.workload.pause()
    wait_until(lambda: primary.sql(BUSY, "app") == "0", 10, "the writes to end")
