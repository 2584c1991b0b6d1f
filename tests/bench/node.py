"""What the measurements beside real servers share: a primary with two standbys on loopback, and picketd beside one of
them. Root only: servers and daemon run as user postgres, in a temporary folder."""

import contextlib
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import psycopg2

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
TICK = os.sysconf("SC_CLK_TCK")
TABLE = """
create schema repmgr;
create table repmgr.nodes (node_id int primary key, upstream_node_id int, active bool not null default true, node_name text,
  type text, location text default 'default', priority int default 100, conninfo text, repluser text default 'postgres',
  slot_name text, config_file text default '');
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def as_postgres(*words):
    subprocess.run(["runuser", "-u", "postgres", "--", *words], check=True, stdout=subprocess.DEVNULL)


def load():
    return f"load {os.getloadavg()[0]:.1f}"


def wait_until(condition, what, limit=20.0):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"not within {limit:.0f} s: {what}")
        time.sleep(0.05)


def ask(port, path="/primary", timeout=10.0):
    """The status of one health check over a connection of its own; 0 when nobody answers in time."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as s:
            s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            answer = b""
            while part := s.recv(4096):
                answer += part
            return int(answer[9:12])
    except (OSError, ValueError):
        return 0


def cpu_seconds(root, tree=False):
    """Processor time of a process; with `tree` also of all that descend from it, living or reaped."""
    stats = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError):
            text = pathlib.Path(path).read_text()
            fields = text[text.rindex(")") + 2:].split()
            own = int(fields[11]) + int(fields[12])
            stats[int(path.split("/")[2])] = (int(fields[1]), own + (int(fields[13]) + int(fields[14]) if tree else 0))
    found, grown = set(), {root}
    while tree and grown != found:
        found, grown = grown, grown | {pid for pid, (parent, _) in stats.items() if parent in grown}
    return sum(stats[pid][1] for pid in grown if pid in stats) / TICK


def mebibytes(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


@contextlib.contextmanager
def ahead_of_others():
    """What runs beside the bench hardly gets a processor meanwhile. Where the kernel groups programs by session
    (sched(7), autogroup) their nice values count inside a session only, so it is the session's own that matters."""
    group, before = pathlib.Path("/proc/self/autogroup"), ""
    with contextlib.suppress(OSError):
        before = group.read_text().split()[-1]
        group.write_text("-20")
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, 0)
        with contextlib.suppress(OSError):
            group.write_text(before)


class Cluster:
    """Three servers, below `folder` or where temporary files are; node 1 begins as the primary. A context: all ends
    with it."""

    def __init__(self, folder=None):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="picket-bench-", dir=folder))
        self.ports = {i: free_port() for i in (1, 2, 3)}
        self._servers = {}

    def __enter__(self):
        os.chmod(self.base, 0o755)
        subprocess.run(["chown", "postgres", self.base], check=True)
        as_postgres(f"{BIN}/initdb", "-A", "trust", "-D", str(self.data(1)))
        self.start(1)
        rows = ", ".join(
            f"({i}, {'null' if i == 1 else 1}, 'pg{i}', '{'primary' if i == 1 else 'standby'}', '{self.conninfo(i)}')"
            for i in self.ports)
        with self.connect(1) as session:
            session.cursor().execute(TABLE + "insert into repmgr.nodes (node_id, upstream_node_id, node_name, type, "
                                             "conninfo) values " + rows)
            session.commit()
        for i in (2, 3):
            self.copy(1, i)
        return self

    def __exit__(self, *_):
        for i in self.ports:
            self.stop(i)
        shutil.rmtree(self.base, ignore_errors=True)

    def data(self, i):
        return self.base / str(i)

    def conninfo(self, i):
        return f"host=127.0.0.1 port={self.ports[i]} user=postgres dbname=postgres"

    def connect(self, i):
        return contextlib.closing(psycopg2.connect(self.conninfo(i)))

    def start(self, i):
        """As a child of ours, so that it does not stay a zombie where nobody else reaps."""
        with open(f"{self.data(i)}.log", "a", encoding="utf-8") as log:
            self._servers[i] = subprocess.Popen(
                ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", f"{BIN}/postgres", "-D",
                 str(self.data(i)), "-p", str(self.ports[i]), "-k", str(self.base), "-c", "listen_addresses=127.0.0.1",
                 "-c", "fsync=off", "-c", "shared_buffers=16MB"], stdout=log, stderr=log, cwd=self.base)
        wait_until(lambda: self._servers[i].poll() is not None or self._answers(i), f"PostgreSQL {i} starts")
        if self._servers[i].poll() is not None:
            sys.exit(f"PostgreSQL {i} does not start:\n" + pathlib.Path(f"{self.data(i)}.log").read_text()[-2000:])

    def _answers(self, i):
        try:
            with self.connect(i):
                return True
        except psycopg2.OperationalError:
            return False

    def stop(self, i, how=signal.SIGQUIT):
        """SIGQUIT: immediately, SIGINT: fast. Waits for its end."""
        server = self._servers.pop(i, None)
        if server and server.poll() is None:
            server.send_signal(how)
            server.wait()

    def copy(self, source, i):
        """Node i becomes a new standby of `source`."""
        self.stop(i)
        shutil.rmtree(self.data(i), ignore_errors=True)
        as_postgres(f"{BIN}/pg_basebackup", "-D", str(self.data(i)), "-R", "-c", "fast", "-d",
                    f"host=127.0.0.1 port={self.ports[source]} user=postgres application_name=pg{i}")
        self.start(i)

    def pid(self, i):
        return self._servers[i].pid  # setpriv replaces itself

    def wait(self, i):
        self._servers[i].wait()


class Agent:
    """picketd beside node i of the cluster. A context."""

    def __init__(self, cluster, i, picketd, environment=None, level="guard", fresh_every="2s"):
        self.port = free_port()
        self._folder = cluster.base / f"agent{i}-{self.port}"
        # In memory, as /run is where systemd is.
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="picket-bench-run-", dir="/dev/shm"))
        (self.run / "vrrp").mkdir()
        (self._folder / "state").mkdir(parents=True)
        shutil.copy(picketd, self._folder / "picketd")  # postgres may not be let into the folder of the build
        (self._folder / "repmgr.conf").write_text(
            f"node_id={i}\nnode_name='pg{i}'\nconninfo='{cluster.conninfo(i)}'\ndata_directory='{cluster.data(i)}'\n")
        (self._folder / "picket.toml").write_text(
            f'level = "{level}"\nrun_directory = "{self.run}"\nstate_directory = "{self._folder}/state"\n[http]\n'
            f'port = {self.port}\n[postgresql]\nfresh_every = "{fresh_every}"\n[repmgr]\n'
            f'conf = "{self._folder}/repmgr.conf"\n[keepalived]\n'
            f'gate_file = "{self.run}/vrrp/gate"\nrank_file = "{self.run}/vrrp/rank"\n'
            f'notify_fifo = "{self.run}/notify.fifo"\n')
        subprocess.run(["chown", "-R", "postgres", self._folder, self.run], check=True)
        self._environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self._folder}/no-bus", **(environment or {})}

    def __enter__(self):
        # setpriv replaces itself: the child's pid is picketd's own.
        with open(self._folder / "log", "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", self._folder / "picketd",
                 "--config", self._folder / "picket.toml"], env={**os.environ, **self._environment}, stderr=log)
        self.pid = self._process.pid
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self.run, ignore_errors=True)

    def says(self, path, status, limit=30.0):
        """Waits until it answers so."""
        wait_until(lambda: ask(self.port, path) == status, f"{path} says {status}", limit)
