"""Starts and ends the writers and the observer, and reads what they have logged so far."""

import signal
import subprocess
from pathlib import Path

from . import network, processes
from .history import Answer, Op, Tail, parse_answer, parse_op
from .settings import (ADDRESS, CLIENT, HEALTH_PORT, LAB, MACHINES, NODES, PYTHON, WATCHER, WRITES_PORT,
                       hardware_address)
from .shell import say

HERE = Path(__file__).parent
OBSERVER_INTERVAL, ADDRESS_INTERVAL = 0.04, 0.05


class Workload:
    def __init__(self, health_path: str, with_status: bool, client_port: int):
        self.health_path, self.with_status, self.client_port = health_path, with_status, client_port
        self.running: list[subprocess.Popen] = []
        self.logs: dict[str, Tail] = {}
        self.answer_log = Tail(LAB / "observer.log", parse_answer)
        self.address_log = Tail(LAB / "address.log", parse_answer)

    def start(self) -> None:
        """Two clients of the address, one per node that bypasses it, and the observer."""
        self.writer("W1", ADDRESS, WRITES_PORT, rate=30)
        self.writer("W2", ADDRESS, WRITES_PORT, "--fresh", rate=20)
        for node in NODES:
            # Slow: on a standby each of these is an error in PostgreSQL's log.
            self.writer("D" + node[-1], MACHINES[node], self.client_port, "--direct", rate=10)
        self._spawn(CLIENT, "observer.py", "--log", self.answer_log.path, "--port", HEALTH_PORT, "--health", self.health_path,
                    "--interval", OBSERVER_INTERVAL, *(["--status"] if self.with_status else []),
                    *(f"{node}={MACHINES[node]}" for node in NODES))
        self._spawn(WATCHER, "address_watch.py", "--log", self.address_log.path, "--address", ADDRESS, "--interval", ADDRESS_INTERVAL,
                    *(f"{node}={hardware_address(node)}" for node in NODES))

    def writer(self, name: str, host: str, port: int, *flags, rate: float, machine: str = CLIENT) -> None:
        log = LAB / f"{name}.log"
        self.logs.setdefault(name, Tail(log, parse_op))
        self._spawn(machine, "writer.py", "--name", name, "--host", host, "--port", port, "--log", log, "--rate", rate, *flags)

    def _spawn(self, machine: str, script: str, *words) -> None:
        command = ["nsenter", f"--net=/run/netns/{network.namespace(machine)}", "--", PYTHON, HERE / script, *words]
        with open(LAB / "clients.err", "ab") as errors:
            self.running.append(subprocess.Popen(processes.inside(CLIENT, command), stdin=subprocess.DEVNULL, stdout=errors,
                                                 stderr=errors, start_new_session=True))

    def pause(self) -> None:
        """The writers stand still, their sessions stay; the observers go on."""
        for process in self.writers():
            process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        for process in self.writers():
            process.send_signal(signal.SIGCONT)

    def writers(self) -> list[subprocess.Popen]:
        return [process for process in self.running if any(str(word).endswith("/writer.py") for word in process.args)]

    def stop(self) -> None:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGCONT)
        for process in self.running:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                say(f"had to be killed: {' '.join(map(str, process.args[8:]))}")
                process.kill()
                process.wait()
        self.running.clear()

    # -- what happened so far ---------------------------------------------------------------------------------------

    def ops(self, *names: str) -> list[Op]:
        return [op for name in names or self.logs for op in self.logs[name].read()]

    def through_address(self) -> list[Op]:
        return self.ops("W1", "W2")

    def direct(self) -> list[Op]:
        return self.ops(*(name for name in self.logs if name not in ("W1", "W2")))

    def first_ack(self, after: float, not_from: str = "") -> Op | None:
        """The first write through the address that was asked and acknowledged after a moment, by another server if so wished."""
        acks = [op for op in self.through_address() if op.acked and op.asked > after and op.server != not_from]
        return min(acks, key=lambda op: op.answered, default=None)

    def first_ack_after_silence(self, since: float, silence: float) -> Op | None:
        """The write that ended the first silence after a moment. An orphaned backend may well acknowledge a few more
        writes after its postmaster's death, so the first acknowledgement after a fault need not mean recovery."""
        acks = sorted((op for op in self.through_address() if op.acked and op.answered > since - silence), key=lambda op: op.answered)
        for earlier, later in zip(acks, acks[1:]):
            if later.answered - max(earlier.answered, since) > silence:
                return later
        return None

    def address_answers(self) -> list[Answer]:
        """Who claimed the address, round by round."""
        return self.address_log.read()

    def answers(self) -> list[Answer]:
        return self.answer_log.read()
