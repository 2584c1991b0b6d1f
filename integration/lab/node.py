"""One machine of the lab: a container whose first process is systemd, over the host's own files.

The upper folder is the node's disk: it outlives a power cut. Everything else (processes, sockets, /run, addresses) does
not, exactly as on a real machine.
"""

import signal
import subprocess
import time
from pathlib import Path

from . import network, processes
from .settings import LAB, MACHINES, data_directory, node_id, postgres_unit, postgres_version
from .shell import CommandFailed, say, sh, wait_until


class Node:
    def __init__(self, name: str):
        self.name = name
        self.id = node_id(name)
        self.ip = MACHINES[name]
        self.unit = postgres_unit()
        self.upper = LAB / name / "upper"
        self.root = LAB / name / "root"
        self.leader = 0          # systemd's pid as the host sees it; 0 while the power is off
        self._container = None

    def __repr__(self) -> str:
        return self.name

    # -- power ------------------------------------------------------------------------------------------------------

    def assemble(self) -> None:
        """Mounts the root. The upper folder must be dressed by now."""
        for folder in (self.upper, LAB / self.name / "work", self.root):
            folder.mkdir(parents=True, exist_ok=True)
        sh("mount", "-t", "overlay", "picket-" + self.name, "-o",
           f"lowerdir=/,upperdir={self.upper},workdir={LAB / self.name / 'work'}", self.root)

    def power_on(self, target: str = "") -> None:
        """Boots; with a target systemd stops short there, and enabled services wait to be started in order."""
        processes.make_group(self.name)
        command = ["systemd-nspawn", "-q", "-D", self.root, "--boot", f"--machine={self.name}", f"--hostname={self.name}",
                   "--register=no", "--keep-unit", f"--network-namespace-path=/run/netns/{network.namespace(self.name)}",
                   "--kill-signal=SIGRTMIN+3", "--capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_NET_BROADCAST",
                   "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--settings=no", "--console=read-only"]
        if target:
            command.append(f"systemd.unit={target}")
        with open(LAB / f"{self.name}.console", "ab") as console:
            self._container = subprocess.Popen(
                processes.inside(self.name, command), stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})
        self.leader = wait_until(self._first_process, 20, f"systemd to start in {self.name}", every=0.05)

    def await_boot(self, timeout: float = 60) -> None:
        states = ("running", "degraded")
        wait_until(lambda: self.run("systemctl", "is-system-running", check=False).strip() in states,
                   timeout, f"{self.name} to finish booting")

    def _first_process(self) -> int:
        if self._container.poll() is not None:
            raise CommandFailed(f"{self.name} did not boot: {(LAB / (self.name + '.console')).read_text()[-800:]}")
        for pid in processes.pids(processes.group(self.name)):
            if processes.comm(pid) == "systemd" and processes.pid_inside(pid) == 1:
                return pid
        return 0

    def lose_power(self) -> None:
        """The cable goes dead first, so that no closing socket of a dying process can be heard by the others."""
        network.cut(self.name)
        self.kill_everything()
        network.unplug(self.name)

    def kill_everything(self) -> None:
        processes.kill(self.leader)
        self.leader = 0
        if self._container:
            try:
                self._container.wait(10)
            except subprocess.TimeoutExpired:
                self._container.kill()
                self._container.wait(10)
            self._container = None
        processes.end_group(self.name)

    def come_back(self, cut: bool = False) -> None:
        """Power returns: same disk, same hardware address, nothing else left. Enabled units start by themselves."""
        network.plug_in(self.name)
        if cut:
            network.cut(self.name)
        self.power_on()

    # -- inside -----------------------------------------------------------------------------------------------------

    def run(self, *command, check=True, timeout=30, **options) -> str:
        if not self.leader:
            raise CommandFailed(f"{self.name} has no power")
        return sh("nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "--", *command,
                  check=check, timeout=timeout, **options)

    def as_postgres(self, *command, **options) -> str:
        # From /, since the caller's working folder does not exist in here.
        return self.run("sh", "-c", 'cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"', "sh", *command, **options)

    def sql(self, query: str, database: str = "postgres", timeout: float = 10) -> str:
        return self.as_postgres("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", query, timeout=timeout).strip()

    def accepts_connections(self) -> bool:
        return "accepting" in self.as_postgres("pg_isready", "-t", "1", check=False)

    def systemctl(self, *words, **options) -> str:
        return self.run("systemctl", *words, **options)

    def start(self, *units) -> None:
        self.systemctl("start", *units, timeout=90)

    # -- what is seen from outside ----------------------------------------------------------------------------------

    def holds_address(self, ip: str) -> bool:
        return bool(self.leader) and network.holds(self.name, ip)

    def postgres_pids(self) -> list[int]:
        """Every process of the cluster's unit, by its control group: nothing is overlooked, orphans included."""
        unit = next(processes.group(self.name).rglob(self.unit), None)
        return processes.pids(unit) if unit else []

    def postmaster(self) -> int:
        """The postmaster's pid on the host, or 0."""
        try:
            inner = int(self.file(data_directory() + "/postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return 0
        # After a power cut the file is there, and its number may be anybody's.
        return next((pid for pid in self.server_pids() if processes.pid_inside(pid) == inner), 0)

    def all_pids(self) -> list[int]:
        return processes.pids(processes.group(self.name))

    def pids_called(self, name: str) -> list[int]:
        return [pid for pid in self.all_pids() if processes.comm(pid) == name]

    def server_pids(self) -> list[int]:
        """Every PostgreSQL process of the node, whoever started it."""
        return self.pids_called("postgres")

    def file(self, path: str) -> Path:
        """A file of the node, readable whether its power is on or off. While it is on, a disk that is mounted there is seen."""
        return (Path(f"/proc/{self.leader}/root") if self.leader else self.root) / path.lstrip("/")

    # -- faults -----------------------------------------------------------------------------------------------------

    def kill_postmaster(self) -> None:
        self._kill_one(self.postmaster(), "postmaster")

    def hang_postmaster(self) -> None:
        self._kill_one(self.postmaster(), "postmaster", signal.SIGSTOP)

    def kill_agent(self) -> None:
        self._kill_one(next(iter(self.pids_called("picketd")), 0), "picketd")

    def stop_agent(self) -> None:
        """SIGSTOP: it stands still until systemd's watchdog ends it."""
        self._kill_one(next(iter(self.pids_called("picketd")), 0), "picketd", signal.SIGSTOP)

    def _kill_one(self, pid: int, what: str, with_signal: int = signal.SIGKILL) -> None:
        if not pid:
            raise CommandFailed(f"{self.name} runs no {what}")
        processes.kill(pid, with_signal)

    def stop_postgres(self) -> None:
        self.systemctl("stop", self.unit, timeout=90)

    def start_postgres(self) -> None:
        self.systemctl("start", self.unit, timeout=90)

    def restart_postgres(self) -> None:
        self.systemctl("restart", self.unit, timeout=90)

    def leave_the_rest_alone(self) -> None:
        """systemd does not kill what a dead postmaster leaves behind, as in a unit with KillMode=process."""
        self._in_the_unit("KillMode=process")

    def slow_down_starts(self, seconds: int) -> None:
        """As slow storage, or a hook of somebody's, would."""
        self._in_the_unit(f"ExecStartPre=/bin/sleep {seconds}")

    def _in_the_unit(self, line: str) -> None:
        """One more line in PostgreSQL's unit, by a drop-in of its own."""
        self.run("sh", "-c", 'mkdir -p "$0" && printf "[Service]\n%s\n" "$1" > "$0/lab-${1%%=*}.conf"', f"/etc/systemd/system/{self.unit}.d", line)
        self.systemctl("daemon-reload")

    def start_by_hand(self) -> None:
        """As somebody who is logged in as postgres would: past systemd, in the control group of his login."""
        self.run("systemd-run", "--quiet", "--scope", "--slice=user.slice", "--uid=postgres", "--gid=postgres", "--working-directory=/",
                 "pg_ctlcluster", "--skip-systemctl-redirect", postgres_version(), "main", "start", check=False, timeout=60)

    def configure(self, table: str, line: str) -> None:
        """One more line of picket.toml, in a table that it does not have yet (or in none: ""); the agent is restarted."""
        config = self.file("/etc/picket/picket.toml")
        text = config.read_text()
        config.write_text(f"{text}\n[{table}]\n{line}\n" if table else f"{line}\n{text}")
        self.systemctl("restart", "picket.service")

    def without_autostart(self) -> None:
        self.file(f"/etc/postgresql/{postgres_version()}/main/start.conf").write_text("manual\n")

    def without_start_gate(self) -> None:
        """As on a node where PostgreSQL is not started by a unit with the drop-in."""
        self.run("rm", "/usr/lib/systemd/system/postgresql@.service.d/50-picket-gate.conf")
        self.systemctl("daemon-reload")

    def freeze(self) -> None:
        """As a paused machine: its processes stand still, and so does its network, which the lab's nodes share with the host."""
        network.cut(self.name)
        processes.freeze(self.name, True)

    def thaw(self) -> None:
        network.rejoin(self.name)
        processes.freeze(self.name, False)

    def cut_off(self) -> None:
        network.cut(self.name)

    def heal(self) -> None:
        network.rejoin(self.name)
