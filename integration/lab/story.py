"""What a scenario can do and await: the cluster under load, a fault, the time it takes until writes are back."""

import time

from . import checker, journal, network
from .settings import NODE_OF_IP, data_directory, postgres_unit
from .shell import CommandFailed, say, wait_until


SILENCE = 0.3   # as long a pause in the writes as no healthy cluster makes under this load


class Story:
    def __init__(self, cluster, workload):
        self.cluster, self.workload = cluster, workload
        self.began = self.fault_at = time.monotonic()
        self.facts: dict = {}             # goes into the result as it is
        self.may_be_fenced: set[str] = set()
        self.control = cluster.stack.name != "picket"

    def __getitem__(self, name: str):
        return self.cluster[name]

    @property
    def primary(self):
        return self.cluster.primaries()[0][1]

    # -- events -----------------------------------------------------------------------------------------------------

    def fault(self, what: str, action, justifies_fence_of=None) -> None:
        """Injects a fault, and from here on counts the time. A marker on any other node would be a false fence."""
        if justifies_fence_of:
            self.may_be_fenced.add(justifies_fence_of.name)
        say(f"FAULT: {what}")
        self.fault_at = time.monotonic()
        action()

    def heal(self, node) -> float:
        """The cable goes back into the switch; returns when."""
        say(f"HEAL: {node} is back on the network")
        at = time.monotonic()
        node.heal()
        return at

    def heal_firewall(self, node) -> float:
        """What was filtered inside the node passes again; returns when."""
        say(f"HEAL: {node} filters nothing any more")
        at = time.monotonic()
        network.pass_again(node.name)
        return at

    def client_beside(self, node, patience: float = 1.5) -> str:
        """A client on the node's own side of any cut: it holds a session and writes. Returns the writer's name."""
        name = "I" + node.name[-1]
        self.workload.writer(name, node.ip, self.workload.client_port, "--direct", "--patience", patience, rate=20, machine=node.name)
        wait_until(lambda: any(op.acked for op in self.workload.ops(name)), 10, f"the client beside {node} to write")
        return name

    def hold_until(self, moment: float, why: str) -> None:
        self.hold(max(0.0, moment - time.monotonic()), why)

    def hold(self, seconds: float, why: str = "the load goes on") -> None:
        say(f"{seconds:.0f} s: {why}")
        time.sleep(seconds)

    def acks_of(self, node, since: float) -> list:
        """Every write that a node acknowledged to anybody, asked since a moment."""
        return [op for op in self.workload.ops() if op.acked and op.server == node.ip and op.asked > since]

    def gap_since(self, moment: float) -> float:
        """The longest time without an acknowledged write through the address, from a moment until now."""
        return checker.write_gap(self.workload.through_address(), moment, time.monotonic())[0]

    def acks_behind(self, old) -> list:
        """What the old primary acknowledged after the new one had acknowledged its first: there may be none."""
        others = [op.answered for op in self.workload.ops() if op.acked and op.server != old.ip and op.asked > self.fault_at]
        return [op for op in self.workload.ops() if op.acked and op.server == old.ip and op.answered > min(others, default=float("inf"))]

    def last_ack(self, writer: str, by=None) -> float:
        """Seconds from the fault to the last write that this writer had acknowledged (by that node); 0 if none was since."""
        acks = [op.answered for op in self.workload.ops(writer) if op.acked and (by is None or op.server == by.ip)]
        return max(max(acks) - self.fault_at, 0.0)

    def withdrawn(self, node, since: float) -> int:
        """How often a node did not offer itself as the primary since a moment."""
        return len([a for a in self.workload.answers() if a.node == node.name and a.path == "/primary" and a.asked > since and a.code != 200])

    def addresses_of_others(self, node) -> list:
        return [other.ip for other in self.cluster.nodes if other is not node]

    def note_heal(self, old, heal) -> None:
        """Heals, and notes whether that changed anything: the old primary acknowledges nothing, the new one is offered all the time."""
        new = self.primary
        healed = heal(old)
        self.hold(15, "nothing more may happen")
        self.note("acks_after_heal", len(self.acks_of(old, since=healed)))
        self.note("stopped_at_heal", self.withdrawn(new, since=healed) > 0)

    def note(self, key: str, value):
        self.facts[key] = round(value, 3) if isinstance(value, float) else value
        say(f"{key} = {self.facts[key]}")
        return value

    # -- awaited ----------------------------------------------------------------------------------------------------

    def await_writes(self, timeout: float, by_another_than=None) -> bool:
        """Until writes through the address are back; notes how long after the fault that was, or None."""
        def ack():
            if by_another_than:
                return self.workload.first_ack(self.fault_at, not_from=by_another_than.ip)
            return self.workload.first_ack_after_silence(self.fault_at, SILENCE)
        try:
            back = wait_until(ack, timeout, "writes through the address", every=0.2)
        except CommandFailed:
            self.note("writes_back_s", None)
            return False
        self.note("writes_back_s", back.answered - self.fault_at)
        self.note("written_by", NODE_OF_IP.get(back.server, back.server))
        return True

    def fenced(self) -> dict[str, str]:
        return journal.markers(self.cluster.nodes)

    def watch_upstreams(self, seconds: float, forbidden) -> bool:
        """Whether any other node streamed from the forbidden one at any time of the watch."""
        say(f"{seconds:.0f} s: who follows whom")
        deadline, seen = time.monotonic() + seconds, False
        while time.monotonic() < deadline:
            for node in self.cluster.nodes:
                try:
                    seen |= node is not forbidden and node.sql("select sender_host from pg_stat_wal_receiver", timeout=3) == forbidden.ip
                except CommandFailed:
                    pass  # stopped or starting: it follows nobody
            time.sleep(0.3)
        return seen

    def await_streaming(self, standby, timeout: float = 30) -> None:
        wait_until(lambda: standby.name in self.primary.sql("select string_agg(application_name, ' ') from pg_stat_replication"),
                   timeout, f"{standby} to stream")

    def await_marker(self, node, timeout: float) -> None:
        """Until the node is fenced; notes the reasons that its marker gives."""
        try:
            text = wait_until(lambda: journal.markers([node]).get(node.name), timeout, f"{node} to be fenced")
        except CommandFailed:
            self.note("fence_reasons", [])
            return
        self.note("fence_reasons", journal.reasons(text))

    def where(self) -> None:
        """Notes the primary (of the newest timeline) and who holds the address."""
        primaries = self.cluster.primaries()
        self.note("primary", primaries[0][1].name if primaries else None)
        self.note("primaries", [f"{node} timeline {timeline}" for timeline, node in primaries])
        self.note("vip_on", self.cluster.address_holders())
        self.note("vip_follows_primary", self.facts["vip_on"] == [self.facts["primary"]])

    # -- a node's return --------------------------------------------------------------------------------------------

    def watch_return(self, node, timeout: float) -> None:
        """From the moment the node's PostgreSQL accepts a connection until not one process of it is left.

        A writer in the node's own namespace tries it all the time: no cable, switch or address is between them.
        """
        began = time.monotonic()
        self.knock_on(node)
        seen_alive = last_alive = accepts_at = None
        while time.monotonic() < began + timeout:
            now = time.monotonic()
            if node.server_pids():
                seen_alive, last_alive = seen_alive or now, now
            accepts_at = accepts_at or self.accepted_at(node)
            if seen_alive and now - last_alive > 2.0:
                break  # gone, and not just between two postmasters
            time.sleep(0.02)
        gone = seen_alive is not None and time.monotonic() - last_alive > 2.0
        self.note("returned_accepted_connections", accepts_at is not None)
        self.note("returned_acks", len(self.acks_of(node, began)))
        # A start that the gate refused is as dead as one can be.
        refused = seen_alive is None or (gone and accepts_at is None)
        self.note("proven_dead_after_s", 0.0 if refused else max(0.0, last_alive - accepts_at) if gone else None)

    def knock_on(self, node) -> None:
        self.workload.writer("R" + node.name[-1], node.ip, 5432, "--direct", "--fresh", rate=20, machine=node.name)

    def accepted_at(self, node) -> float | None:
        """When whoever knocks on it was let in first."""
        return min((op.answered for op in self.workload.ops("R" + node.name[-1]) if op.acked or op.detail.startswith("sql")), default=None)

    def start_by_hand(self, node) -> float:
        """Past the unit; notes whether the unit knew of it, and returns when the order was given."""
        say(f"BY HAND: somebody starts PostgreSQL on {node}, past systemd")
        at = time.monotonic()
        node.start_by_hand()
        self.note("unit_runs", bool(node.postgres_pids()) or node.systemctl("is-active", node.unit, check=False).strip() == "active")
        return at

    def thaw(self, node) -> float:
        say(f"THAW: {node} goes on as if nothing had been")
        at = time.monotonic()
        node.thaw()
        return at

    # -- the start gate ---------------------------------------------------------------------------------------------

    def power_returns(self, node, cut: bool = False) -> float:
        """The node boots with everything enabled, on the network or cut off from it; returns when."""
        say(f"POWER: {node} boots" + (", cut off" if cut else ""))
        at = time.monotonic()
        node.come_back(cut)
        return at

    def await_refusal(self, node, timeout: float) -> None:
        """Until the start gate has refused a start there; notes whether, and in which words."""
        def refused():
            return [line for line in journal.start_gate(node) if " refused: " in line]
        try:
            lines = wait_until(refused, timeout, f"{node}'s start gate to refuse", every=0.5)
        except CommandFailed:
            lines = []
        self.note("start_refused", bool(lines))
        self.note("refusals", lines)

    def gate_lines(self, node, row: str) -> str:
        return "\n".join(line for line in journal.start_gate(node) if line.startswith(f"picket start gate: {row} "))

    def starts(self, node) -> bool:
        """Whether systemctl start, typed by somebody, succeeds."""
        try:
            node.start_postgres()
        except CommandFailed:
            return False
        return True

    def gate_takes(self, node) -> float:
        """Seconds for the start gate's whole answer, asked by hand as root while the server runs."""
        began = time.monotonic()
        node.run("picket", "gate", "start", postgres_unit().removeprefix("postgresql@").removesuffix(".service"))
        return time.monotonic() - began

    def await_ack_since(self, key: str, moment: float, timeout: float) -> float | None:
        """Until a write through the address is acknowledged that was asked after a moment; notes how long after."""
        try:
            back = wait_until(lambda: self.workload.first_ack(moment), timeout, "writes through the address", every=0.2)
        except CommandFailed:
            return self.note(key, None)
        return self.note(key, back.answered - moment)

    def rejoin(self, node) -> None:
        """As docs/operating.md says."""
        said = node.run("picket", "rejoin", "--yes", timeout=180)
        say(f"{node}: {said.splitlines()[0]}, and then: {said.splitlines()[-1]}")
        self.await_streaming(node)
        self.note("rejoined", True)

    def clone_again(self, node, primary) -> None:
        node.stop_postgres()
        node.run("rm", "-rf", data_directory())
        node.as_postgres("repmgr", "-h", primary.ip, "-U", "repmgr", "-d", "repmgr", "-f", "/etc/repmgr.conf",
                         "standby", "clone", "--fast-checkpoint", f"--upstream-node-id={primary.id}", timeout=90)
        node.start_postgres()

    def await_unfenced(self, node, timeout: float) -> None:
        try:
            wait_until(lambda: node.name not in self.fenced(), timeout, f"{node}'s marker to clear")
            self.note("marker_cleared", True)
        except CommandFailed:
            self.note("marker_cleared", False)
