"""A psql that somebody keeps open: transactions that are held, statements that run on and on."""

import itertools
import subprocess

from . import network, processes
from .settings import CLIENT, LAB

_numbers = itertools.count(1)


class Session:
    """Opened from a machine's network; its answers go to a file, since nobody may wait for them."""

    def __init__(self, host: str, user: str = "app", machine: str = CLIENT):
        self.output = LAB / f"session-{next(_numbers)}.log"
        command = ["nsenter", f"--net=/run/netns/{network.namespace(machine)}", "--", "psql", "-XAtq", "-h", host, "-U", user, "-d", "app"]
        with open(self.output, "ab") as log:
            self.process = subprocess.Popen(processes.inside(CLIENT, command), stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)

    def type(self, text: str) -> None:
        """One line; a psql that has lost its server is gone, and hears nothing."""
        try:
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def said(self) -> str:
        return self.output.read_text(errors="replace")
