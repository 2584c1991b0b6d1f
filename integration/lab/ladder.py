"""How a fence ended: in picket's own words, and by what could be seen of the processes from outside.

The decision is the first verdict that stops something; the proof is the journal's entry "proved". What lived on after
that, or acknowledged a write, would make the proof a lie.
"""

import re
import signal
import time
from contextlib import contextmanager
from datetime import datetime, timezone

from . import journal, processes
from .deathwatch import DeathWatch
from .settings import postgres_unit, postgres_version
from .shell import CommandFailed, wait_until

BOUNDS = {"proof_after_s": ("<=", 5), "dead_after_s": ("<=", 5), "lived_after_proof": ("==", 0), "acks_after_proof": ("==", 0)}
STOPS = ("stop_fast", "stop_now", "kill_rest")
AFTERMATH = 3


class Fence:
    def __init__(self, lab, node, watch: DeathWatch):
        self.lab, self.node, self.watch, self.proved_at = lab, node, watch, None

    def order(self) -> None:
        """`picket fence`, typed on the node: the same ladder as for a stale primary, without the wait for a proof."""
        self.node.run("picket", "fence", "--reason", "ordered by the scenario")

    def await_proof(self, timeout: float, since: float | None = None) -> None:
        """Until picket says that it is proved, and a while longer; notes who decided, how long it took, and what lived on."""
        since = since or self.lab.fault_at
        self.lab.facts |= dict.fromkeys(("decided_by", "decided_after_s", "proof_after_s", "dead_after_s", "lived_after_proof"))
        try:
            decided = wait_until(lambda: self._first(journal.verdicts(self.node), since, "action", STOPS), timeout, "a verdict that stops")
            proved = wait_until(lambda: self._first(journal.fences(self.node), decided["at"], "phase", ("proved",)), timeout, "the proof")
        except CommandFailed as missing:
            self.lab.note("no_proof", str(missing))
            return
        self.proved_at = proved["at"]
        self.lab.hold(AFTERMATH, "whatever lives after the proof")
        self.lab.note("decided_by", decided["rule"])
        self.lab.note("decided_after_s", decided["at"] - since)
        # The journal's clock starts when it got the entry: picket's own count may be longer.
        self.lab.note("proof_after_s", max(proved["at"] - decided["at"], proved["took"]))
        gone = self.watch.all_gone_at(proved["at"])
        self.lab.note("dead_after_s", max(0.0, gone - decided["at"]) if gone else None)
        self.lab.note("lived_after_proof", self.watch.alive_after(proved["at"]))
        self.lab.note("acks_after_proof", len(self.lab.acks_of(self.node, since=proved["at"])))

    @staticmethod
    def _first(entries: list[dict], since: float, key: str, words: tuple) -> dict | None:
        return next((entry for entry in entries if entry["at"] >= since and entry[key] in words), None)


@contextmanager
def watched(lab, node):
    watch = DeathWatch(node)
    watch.start()
    try:
        yield Fence(lab, node, watch)
    finally:
        watch.stop()


# -- what the dead wrote ------------------------------------------------------------------------------------------------

def wall_clock(moment: float) -> str:
    """A moment of the lab's clock as the nodes' clocks show it."""
    return datetime.fromtimestamp(time.time() - time.monotonic() + moment, timezone.utc).isoformat()


def sql_of_the_dead(lab, node, query: str, database: str) -> str:
    """One value out of a data directory whose server does not run any more; the agent is stopped, which would kill this reader."""
    if node in [primary for _, primary in lab.cluster.primaries()]:
        return node.sql(query, database)
    node.systemctl("stop", "picket.service")
    version = postgres_version()
    text = node.as_postgres(f"/usr/lib/postgresql/{version}/bin/postgres", "--single", "-D", f"/etc/postgresql/{version}/main", database,
                            input=query + "\n", timeout=60)
    return re.search(r'= "(.*?)"', text)[1]


# -- what a fence may have to do without ---------------------------------------------------------------------------------

def without_bus(node) -> None:
    node.systemctl("stop", "dbus.socket", check=False)   # or the next client starts the daemon again
    for pid in node.pids_called("dbus-daemon"):
        processes.kill(pid)


def hang_bus(node) -> None:
    for pid in node.pids_called("dbus-daemon"):
        processes.kill(pid, signal.SIGSTOP)


def bus_answers(node) -> bool:
    """Whether systemd answers the agent's user on the bus."""
    return _succeeds(node, "busctl", "--system", "--timeout=2", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                     "org.freedesktop.DBus.Peer", "Ping")


def may_order(node) -> bool:
    """Whether systemd obeys the agent's user, asked by the most harmless of what he may order."""
    return _succeeds(node, "systemctl", "--no-ask-password", "reset-failed", postgres_unit())


def _succeeds(node, *command) -> bool:
    try:
        node.as_postgres(*command, timeout=10)
    except CommandFailed:
        return False
    return True
