"""Watches a node's PostgreSQL processes from outside, whoever started them and in whatever control group they are."""

import threading
import time

EVERY = 0.03    # seconds between two looks: the resolution of everything that is told here


class DeathWatch(threading.Thread):
    """From start() to stop(): when each process was seen first and last."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.seen, self._stop_asked = node, {}, threading.Event()

    def run(self) -> None:
        while not self._stop_asked.is_set():
            looked = time.monotonic()   # before the look: what it finds lived at this moment for certain
            for pid in self.node.server_pids():
                first, _ = self.seen.get(pid, (looked, looked))
                self.seen[pid] = (first, looked)
            self._stop_asked.wait(max(0.005, looked + EVERY - time.monotonic()))

    def stop(self) -> None:
        self._stop_asked.set()
        self.join()

    def last_of(self, known_at: float) -> float | None:
        """When the last of the processes that were known at a moment was seen; None if there was none."""
        return max((last for first, last in dict(self.seen).values() if first <= known_at), default=None)

    def alive_after(self, moment: float) -> int:
        """How many of the processes from before a moment were seen after it."""
        return sum(first <= moment < last for first, last in dict(self.seen).values())
