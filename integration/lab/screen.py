"""A live picture of the cluster: redrawn in place on a terminal, a plain line now and then anywhere else."""

import sys
import threading
import time

from . import shell
from .history import Answer
from .settings import ADDRESS, WRITES_PORT

BOLD, DIM, GREEN, RED, YELLOW, PLAIN = "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[33m", "\033[0m"
STORY_LINES = 8
WIDTH = 118


class Screen:
    def __init__(self, title: str):
        self.title, self.tty = title, sys.stdout.isatty()
        self.cluster = self.workload = None
        self.story: list[str] = []
        self.drawn = 0
        self.lock = threading.Lock()
        self.thread = self.stopped = None

    # -- the runner's watcher ---------------------------------------------------------------------------------------

    def open(self, cluster, workload) -> None:
        self.cluster, self.workload, self.began = cluster, workload, time.monotonic()
        self.stopped = threading.Event()
        if self.tty:
            shell.listener = self.tell
        self.thread = threading.Thread(target=self._draw_on, daemon=True)
        self.thread.start()

    def close(self) -> None:
        if self.thread:
            self.stopped.set()
            self.thread.join()
            self.thread = None
        shell.listener = shell.to_stderr

    def tell(self, line: str) -> None:
        with self.lock:
            self.story.append(line[:WIDTH])

    # -- drawing ----------------------------------------------------------------------------------------------------

    def _draw_on(self) -> None:
        every = 0.4 if self.tty else 2.0
        while True:
            try:
                self._draw()
            except Exception as error:  # a picture that fails must not take the story with it
                shell.to_stderr(f"(no picture: {error})")
            if self.stopped.wait(every):
                break

    def _draw(self) -> None:
        rows = [self._row(node) for node in self.cluster.nodes]
        if not self.tty:
            states = " | ".join(f"{r['name']}{'*' if r['holds'] else ' '} {r['role']:8} tl{r['timeline']} {r['code'] or '---'} {r['rule']:4}" for r in rows)
            print(f"         {states} | {self._writes()}", flush=True)
            return
        lines = [f"{BOLD}{self.title}{PLAIN}  {DIM}{time.monotonic() - self.began:5.1f} s{PLAIN}", "",
                 f"{DIM}{'node':5}{'address':9}{'/primary':10}{'role':9}{'timeline':10}{'rule':6}says{PLAIN}"]
        lines += [self._paint(row) for row in rows]
        lines += ["", self._writes(), ""]
        with self.lock:
            told = self.story[-STORY_LINES:]
        lines += told + [""] * (STORY_LINES - len(told))
        up = f"\033[{self.drawn}A" if self.drawn else ""
        sys.stdout.write(up + "".join(f"\r{line}\033[K\n" for line in lines))
        sys.stdout.flush()
        self.drawn = len(lines)

    def _paint(self, row: dict) -> str:
        colour = GREEN if row["code"] == 200 else RED if row["fenced"] or not row["code"] else PLAIN
        address = f"{YELLOW}{'holds':9}{colour}" if row["holds"] else " " * 9
        says = ("FENCED: " if row["fenced"] else "") + row["says"]
        return (f"{colour}{row['name']:5}{address}{row['code'] or '---':<10}{row['role']:9}{row['timeline']:<10}{row['rule']:6}"
                f"{says[:WIDTH - 49]}{PLAIN}")

    def _row(self, node) -> dict:
        """What the node's own pages said last; silence is shown as silence."""
        health = self._last(node.name, self.workload.health_path)
        answering = health is not None and health.code and time.monotonic() - health.answered < 2
        status = self._last(node.name, "/status") if answering else None
        said = status.status if status and status.status else {}
        verdict = said.get("verdict", {})
        return {"name": node.name, "holds": node.holds_address(ADDRESS), "code": health.code if answering else 0,
                "role": said.get("role") or ("no power" if not node.leader else "silent"), "timeline": said.get("timeline") or "-",
                "rule": verdict.get("rule", "-"), "says": verdict.get("sentence", ""), "fenced": bool(said.get("fence", {}).get("fenced"))}

    def _last(self, node: str, path: str) -> Answer | None:
        for answer in reversed(self.workload.answers()):
            if answer.node == node and answer.path == path:
                return answer
        return None

    def _writes(self) -> str:
        now = time.monotonic()
        answered = sorted(op.answered for op in self.workload.through_address() if op.acked)
        rate = sum(1 for at in answered[-300:] if at > now - 1)
        silence = now - answered[-1] if answered else 0.0
        longest = max([later - earlier for earlier, later in zip(answered, answered[1:])] + [silence])
        return f"writes through {ADDRESS}:{WRITES_PORT}: {rate:3}/s, silent for {silence:4.1f} s, longest silence {longest:4.1f} s"
