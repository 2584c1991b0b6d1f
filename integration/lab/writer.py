#!/usr/bin/python3
"""One client that writes numbered rows and keeps a log of what it was told. Runs by itself in a network namespace.

A `held` writer keeps one session and one statement at a time; a `fresh` one opens a session per write and starts the
next whether or not the last was answered, so an outage is measured to one period, not to one time-out. Nothing here
blocks: every wait has a deadline of its own, because libpq's shortest connect time-out is two seconds.

What is logged: `ok` was acknowledged; `fail` was certainly not done; anything else is `unknown`, never `fail`.
One line: writer, row, asked at, answered at, outcome, server, detail. Times are CLOCK_MONOTONIC, which all share.
"""

import argparse
import select
import signal
import sys
import time

import psycopg2
from psycopg2 import extensions

INSERT = "insert into writes (writer, seq, direct) values (%s, %s, %s) returning host(inet_server_addr())"
MASK = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}
MOST_AT_ONCE = 40       # sessions of a fresh writer that wait for an answer; bounds the load during an outage


class Session:
    """A connection and at most one statement under way."""

    def __init__(self, writer):
        self.writer, self.seq, self.connected, self.busy, self.finished = writer, 0, False, True, False
        self.asked = time.monotonic()
        self.deadline = self.asked + writer.options.patience
        self.mask, self.connection = select.POLLOUT, None
        try:
            self.connection = psycopg2.connect(writer.dsn, async_=1)
        except psycopg2.Error as error:
            self.end("fail", error)

    def insert(self) -> None:
        self.seq = self.writer.next_seq()
        self.busy, self.asked = True, time.monotonic()
        self.deadline = self.asked + self.writer.options.patience
        try:
            self.cursor = self.connection.cursor()
            self.cursor.execute(INSERT, (self.writer.options.name, self.seq, self.writer.options.direct))
            self.mask = select.POLLIN | select.POLLOUT
        except psycopg2.Error as error:
            self.end("unknown", error)

    def advance(self) -> None:
        """The socket is ready: go on until it has to wait again."""
        try:
            state = self.connection.poll()
            if state != extensions.POLL_OK:
                self.mask = MASK[state]
            elif not self.connected:
                self.connected, self.busy = True, False
                if self.writer.options.fresh:
                    self.insert()
            elif self.busy:
                self.writer.record(self, "ok", self.cursor.fetchone()[0], "")
                self.busy = False
                if self.writer.options.fresh:
                    self.close()
        except psycopg2.Error as error:
            # With an SQLSTATE and a live session the server refused the statement; a lost session says nothing.
            refused = self.connected and error.pgcode and not error.pgcode.startswith("57") and not self.connection.closed
            self.end("fail" if refused or not self.seq else "unknown", error)

    def end(self, outcome: str, why) -> None:
        phase = "sql" if self.connected else "connect"
        self.writer.record(self, outcome, "", f"{phase}: {' '.join(str(why).split())[:90]}")
        self.close()

    def expire(self) -> None:
        self.end("unknown" if self.seq else "fail", "no answer")

    def close(self) -> None:
        self.finished = True
        if self.connection is not None:
            self.connection.close()


class Writer:
    def __init__(self, options):
        self.options = options
        self.dsn = f"host={options.host} port={options.port} user=app dbname=app sslmode=disable gssencmode=disable"
        self.log = open(options.log, "a", buffering=1)
        self.sessions, self.seq, self.due, self.stopping = [], 0, time.monotonic(), False

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def record(self, session, outcome, server, detail) -> None:
        print(self.options.name, session.seq, f"{session.asked:.6f}", f"{time.monotonic():.6f}", outcome, server, detail,
              sep="\t", file=self.log)

    def run(self) -> None:
        while not self.stopping:
            now = time.monotonic()
            for session in self.sessions:
                if session.busy and not session.finished and now > session.deadline:
                    session.expire()
            self.sessions = [session for session in self.sessions if not session.finished]
            if now >= self.due:
                self.due = max(self.due + 1 / self.options.rate, now)
                self.write()
            self.wait(self.due - time.monotonic())
        for session in self.sessions:
            if session.busy and not session.finished:
                session.expire()

    def write(self) -> None:
        """The next write, as far as the writer's kind allows one now."""
        if self.options.fresh:
            if len(self.sessions) < MOST_AT_ONCE:
                self.sessions.append(Session(self))
        elif not self.sessions:
            self.sessions.append(Session(self))
        elif not self.sessions[0].busy:
            self.sessions[0].insert()

    def wait(self, seconds: float) -> None:
        poll = select.poll()
        waiting = {}
        for session in self.sessions:
            if session.busy and not session.finished:
                waiting[session.connection.fileno()] = session
                poll.register(session.connection.fileno(), session.mask)
        for descriptor, _ in poll.poll(max(0, min(seconds, 0.05)) * 1000):
            waiting[descriptor].advance()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--rate", type=float, default=25)
    parser.add_argument("--patience", type=float, default=1.5, help="seconds until an answer counts as unknown")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--direct", action="store_true")
    writer = Writer(parser.parse_args())

    def stop(*_):
        writer.stopping = True
    signal.signal(signal.SIGTERM, stop)
    writer.run()


if __name__ == "__main__":
    sys.exit(main())
