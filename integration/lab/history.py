"""The records that the checker judges, and how they are read from the logs of writers and observer."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Op:
    """One write as its client saw it."""

    writer: str
    seq: int
    asked: float
    answered: float
    outcome: str        # ok | fail | unknown
    server: str = ""    # who acknowledged
    detail: str = ""

    @property
    def acked(self) -> bool:
        return self.outcome == "ok"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer of one node; code 0 means there was none."""

    node: str
    path: str
    asked: float
    answered: float
    code: int
    generation: int | None = None
    rule: str = ""
    status: dict = field(default_factory=dict, compare=False)


def parse_op(line: str) -> Op:
    writer, seq, asked, answered, outcome, server, detail = line.rstrip("\n").split("\t")
    return Op(writer, int(seq), float(asked), float(answered), outcome, server, detail)


def parse_answer(line: str) -> Answer:
    return Answer(**json.loads(line))


class Tail:
    """Reads a growing log: each call returns all records so far; a half-written last line waits for its end."""

    def __init__(self, path: Path, parse):
        self.path, self.parse, self.offset, self.records = path, parse, 0, []

    def read(self) -> list:
        try:
            with open(self.path, "rb") as log:
                log.seek(self.offset)
                text = log.read()
        except FileNotFoundError:
            return self.records
        complete = text[:text.rfind(b"\n") + 1]
        self.offset += len(complete)
        self.records += [self.parse(line) for line in complete.decode(errors="replace").splitlines()]
        return self.records
